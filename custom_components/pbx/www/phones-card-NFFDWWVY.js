import{a as M}from"./chunk-UO63PFME.js";import{D as k,E as g,F as _,G as E,H as P,J as C,a as f,b as a,d as c,f as p,h as x,i as v,n as m,q as $,s as w,t as y,w as b}from"./chunk-6ZZ5QXW6.js";var R=12,T=class extends C{constructor(){super();this.find="";this.busyOnly=!1;new y(this,["extensions","calls","accounts","me"])}static{this.styles=[k,f`
      .tools { display: flex; gap: 8px; flex-wrap: wrap; }
      .tools input { flex: 1 1 160px; width: auto; }
      .tools .chip { min-height: 44px; border-radius: 22px; padding: 0 16px; }
      h3 { margin: 8px 0 0; font-size: 14px; line-height: 20px; font-weight: 500; color: var(--secondary-text-color); display: flex; gap: 8px; align-items: center; }
      h3 i { width: 8px; height: 8px; border-radius: 2px; background: hsl(var(--hue) 55% 50%); }
      .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(208px, 100%), 1fr)); gap: 8px; }
      .phone { display: grid; grid-template-columns: 40px minmax(0, 1fr) auto; align-items: center; gap: 12px; padding: 8px; min-height: 56px; box-sizing: border-box; width: 100%;
        background: var(--pbx-soft); contain: layout style; content-visibility: auto; contain-intrinsic-height: auto 56px; }
      .phone:hover { filter: brightness(0.97); }
      .phone[data-state="ringing"] { background: color-mix(in srgb, var(--pbx-ringing) 18%, transparent); }
      .phone[data-state="talking"] { background: color-mix(in srgb, var(--pbx-talking) 16%, transparent); }
      .phone[data-state="on_hold"] { background: color-mix(in srgb, var(--pbx-on_hold) 16%, transparent); }
      .phone[data-state="dialing"] { background: color-mix(in srgb, var(--pbx-dialing) 16%, transparent); }
      .phone:not([data-state="idle"]) .sub { color: inherit; }
      .phone.off .avatar { filter: grayscale(1); } .phone.off .title { color: var(--secondary-text-color); }
      .phone .text { display: grid; min-width: 0; } .phone .title { font-size: 14px; line-height: 20px; font-weight: 500; }
      .phone .sub { font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      .phone .clock { font-size: 12px; }
      .phone > .icon { width: 16px; height: 16px; color: var(--pbx-missed); }
      .sheet { position: fixed; inset: auto; margin: 0; border: 1px solid var(--pbx-line); border-radius: 16px; padding: 8px; width: 280px; max-width: calc(100vw - 16px); box-sizing: border-box;
        background: var(--card-background-color, #fff); color: inherit; box-shadow: 0 8px 24px rgb(0 0 0 / 0.3); }
      .sheet .head { display: grid; padding: 8px; } .sheet .head strong { font-size: 16px; line-height: 24px; font-weight: 500; }
      .sheet button { display: flex; align-items: center; gap: 16px; width: 100%; min-height: 48px; padding: 0 8px; }
      .sheet button:hover { background: var(--pbx-soft); }
    `]}get phones(){let o=this.config.extensions&&new Set(this.config.extensions),i=[];for(let t of this.shown){let e=new Map;for(let s of Object.values(t.calls))for(let n of s.legs)e.set(n.extension,s);for(let s of Object.values(t.extensions))s.trunk||o&&!o.has(s.number)||i.push({account:t,extension:s,call:e.get(s.number),state:s.state})}return i}groups(o){let i=this.config.group??"account";if(i==="none")return[{title:"",phones:o}];let t=new Map;for(let e of o){let s=i==="area"?this.hass?.devices[e.extension.device??""]?.area_id:void 0,n=i==="area"?s??"":e.account.id,r=i==="area"?s?this.hass?.areas?.[s]?.name??s:"":e.account.title,l=t.get(n)??{title:r,hue:i==="account"?w(n):void 0,phones:[]};l.phones.push(e),t.set(n,l)}return[...t.values()]}render(){let o=this.phones,i=o.filter(n=>n.state!=="idle").length,t=o.filter(n=>(!this.busyOnly||n.state!=="idle")&&$(this.find,n.extension.name??"",n.extension.number)),e=this.groups(t),s=this.obstacle(this.shown,4);return a`<ha-card>
      <div class="header">
        ${p("idle")}
        <h2>${this.config.title??this.word("phones")}</h2>
        ${o.length?a`<span class="chip number" title=${this.word("live_calls")}>${i} / ${o.length}</span>`:c}
      </div>
      ${this.notices(this.shown)}
      ${s??a`
        ${this.config.find!==!1&&o.length>R?a`<div class="tools">
          <input type="search" placeholder=${this.word("find")} aria-label=${this.word("find")} .value=${this.find} @input=${n=>{this.find=n.target.value,this.requestUpdate()}} />
          <button class="chip" aria-pressed=${this.busyOnly} @click=${()=>{this.busyOnly=!this.busyOnly,this.requestUpdate()}}>${p("talking","small")}${i}<span class="sr">${this.word("live_calls")}</span></button>
        </div>`:c}
        ${t.length?c:a`<div class="empty">${p("search")}<span>${this.word("no_phones")}</span></div>`}
        ${e.map(n=>a`${n.title&&e.length>1?a`<h3>${n.hue===void 0?c:a`<i style="--hue:${n.hue}"></i>`}<bdi class="cut">${n.title}</bdi></h3>`:c}
          <div class="grid">${M(n.phones,r=>`${r.account.id}/${r.extension.number}`,r=>this.phone(r))}</div>`)}`}
      <div class="sheet" popover="auto" @toggle=${n=>{n.newState==="closed"&&(this.selected=void 0,this.requestUpdate())}}>${this.sheet(o)}</div>
    </ha-card>`}phone(o){let{extension:i,call:t,state:e}=o,s=i.name??"",n=i.registered===!1,r=n?this.word("offline"):b(this.hass,e),l=t&&(t.direction==="internal"&&t.from.number===i.number?t.to:x(t)),u=l?_(l,this.word("hidden_number")):a`${r}`,h=n||!s?a`${r}`:g(i.number);return a`<button class="phone ${n?"off":""}" data-state=${e} data-extension=${i.number} aria-haspopup="true" @click=${d=>this.open(d,o)}>
      ${E(s,i.number,e,"idle")}
      <span class="text"><span class="title cut">${s?a`<bdi>${s}</bdi>`:g(i.number)}</span>
        <span class="sub cut">${e==="idle"?h:u}<span class="sr">, ${r}${i.dnd?`, ${this.word("do_not_disturb")}`:""}</span></span></span>
      ${e!=="idle"&&t?a`<span aria-hidden="true">${P(v(t))}</span>`:i.dnd?p("dnd"):c}
    </button>`}open(o,i){this.problem="",this.selected={account:i.account.id,number:i.extension.number},this.requestUpdate();let t=o.currentTarget.getBoundingClientRect();this.updateComplete.then(()=>{let e=this.renderRoot.querySelector(".sheet");e.showPopover();let s=Math.min(Math.max(8,t.left),window.innerWidth-e.offsetWidth-8),n=t.bottom+e.offsetHeight+8<window.innerHeight;e.style.left=`${s}px`,e.style.top=`${n?t.bottom+4:Math.max(8,t.top-e.offsetHeight-4)}px`,e.querySelector("button")?.focus()})}sheet(o){let i=o.find(d=>d.account.id===this.selected?.account&&d.extension.number===this.selected.number);if(!i)return c;let{account:t,extension:e}=i,s=this.mine,n=s?.account.id===t.id,r=n&&s.extension.number===e.number,l=t.can.includes("click_to_call")?"click_to_call":t.can.includes("originate")?"originate":"",u=s&&Object.values(t.calls).find(d=>["talking","on_hold"].includes(m(s,t,d)?.state??"")),h=(d,H,O)=>a`<button @click=${async()=>{await O()&&this.close()}}>${p(d)}<span>${H}</span></button>`;return a`<div class="head"><strong class="cut"><bdi>${e.name||e.number}</bdi></strong>
        <span class="muted">${g(e.number)} · ${b(this.hass,i.state)}${e.dnd?` \xB7 ${this.word("do_not_disturb")}`:""}${e.registered===!1?` \xB7 ${this.word("offline")}`:""}</span></div>
      ${this.problem?this.notice(this.problem,"cancelled"):c}
      ${n&&!r&&l?h("phone",this.word("call"),()=>this.act(t,l,{extension:s.extension.number,number:e.number})):c}
      ${n&&!r&&u&&t.can.includes("transfer")?h("transfer",this.word("take_call"),()=>this.act(t,"transfer",{number:e.number,expected_state:m(s,t,u).state},s.extension.device)):c}
      ${r||!e.device?c:h("check",this.word("my_phone"),async()=>(await this.choose({extension:`${t.id}/${e.number}`}),!0))}
      ${e.device?h("more",this.word("more"),()=>this.more(e)):c}`}close(){this.renderRoot.querySelector(".sheet")?.hidePopover()}more(o){let t=Object.values(this.hass?.entities??{}).find(e=>e.device_id===o.device&&e.translation_key==="call_state");return t&&this.dispatchEvent(new CustomEvent("hass-more-info",{detail:{entityId:t.entity_id},bubbles:!0,composed:!0})),Promise.resolve(!0)}};export{T as PhonesCard};
