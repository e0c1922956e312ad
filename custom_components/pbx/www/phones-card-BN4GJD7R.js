import{a as M}from"./chunk-NU6Y2SSF.js";import{C as k,D as m,E as _,F as E,G as P,I as C,a as f,b as r,d as c,f as p,h as x,i as v,n as g,p as $,q as w,s as y,v as b}from"./chunk-UCTUFK5Q.js";var R=12,T=class extends C{constructor(){super();this.find="";this.busyOnly=!1;new y(this,["extensions","calls","accounts","me"])}static{this.styles=[k,f`
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
      .phone.off .avatar { opacity: 0.45; filter: grayscale(1); }
      .phone .text { display: grid; min-width: 0; } .phone .title { font-size: 14px; line-height: 20px; font-weight: 500; }
      .phone .sub { font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      .phone .clock { font-size: 12px; }
      .phone > .icon { width: 16px; height: 16px; color: var(--pbx-missed); }
      .sheet { position: fixed; inset: auto; margin: 0; border: 1px solid var(--pbx-line); border-radius: 16px; padding: 8px; width: 280px; max-width: calc(100vw - 16px); box-sizing: border-box;
        background: var(--card-background-color, #fff); color: inherit; box-shadow: 0 8px 24px rgb(0 0 0 / 0.3); }
      .sheet .head { display: grid; padding: 8px; } .sheet .head strong { font-size: 16px; line-height: 24px; font-weight: 500; }
      .sheet button { display: flex; align-items: center; gap: 16px; width: 100%; min-height: 48px; padding: 0 8px; }
      .sheet button:hover { background: var(--pbx-soft); }
    `]}get phones(){let o=this.config.extensions&&new Set(this.config.extensions),s=[];for(let t of this.shown){let e=new Map;for(let n of Object.values(t.calls))for(let i of n.legs)e.set(i.extension,n);for(let n of Object.values(t.extensions))n.trunk||o&&!o.has(n.number)||s.push({account:t,extension:n,call:e.get(n.number),state:n.state})}return s}groups(o){let s=this.config.group??"account";if(s==="none")return[{title:"",phones:o}];let t=new Map;for(let e of o){let n=s==="area"?this.hass?.devices[e.extension.device??""]?.area_id:void 0,i=s==="area"?n??"":e.account.id,a=s==="area"?n?this.hass?.areas?.[n]?.name??n:"":e.account.title,l=t.get(i)??{title:a,hue:s==="account"?w(i):void 0,phones:[]};l.phones.push(e),t.set(i,l)}return[...t.values()]}render(){let o=this.phones,s=o.filter(i=>i.state!=="idle").length,t=o.filter(i=>(!this.busyOnly||i.state!=="idle")&&$(this.find,i.extension.name??"",i.extension.number)),e=this.groups(t),n=this.obstacle(this.shown,4);return r`<ha-card>
      <header>
        ${p("idle")}
        <h2>${this.config.title??this.word("phones")}</h2>
        ${o.length?r`<span class="chip number" title=${this.word("live_calls")}>${s} / ${o.length}</span>`:c}
      </header>
      ${this.notices(this.shown)}
      ${n??r`
        ${this.config.find!==!1&&o.length>R?r`<div class="tools">
          <input type="search" placeholder=${this.word("find")} aria-label=${this.word("find")} .value=${this.find} @input=${i=>{this.find=i.target.value,this.requestUpdate()}} />
          <button class="chip" aria-pressed=${this.busyOnly} @click=${()=>{this.busyOnly=!this.busyOnly,this.requestUpdate()}}>${p("talking","small")}${s}<span class="sr">${this.word("live_calls")}</span></button>
        </div>`:c}
        ${t.length?c:r`<div class="empty">${p("search")}<span>${this.word("no_phones")}</span></div>`}
        ${e.map(i=>r`${i.title&&e.length>1?r`<h3>${i.hue===void 0?c:r`<i style="--hue:${i.hue}"></i>`}<bdi class="cut">${i.title}</bdi></h3>`:c}
          <div class="grid">${M(i.phones,a=>`${a.account.id}/${a.extension.number}`,a=>this.phone(a))}</div>`)}`}
      <div class="sheet" popover="auto" @toggle=${i=>{i.newState==="closed"&&(this.selected=void 0,this.requestUpdate())}}>${this.sheet(o)}</div>
    </ha-card>`}phone(o){let{extension:s,call:t,state:e}=o,n=s.name??"",i=s.registered===!1,a=i?this.word("offline"):b(this.hass,e),l=t&&(t.direction==="internal"&&t.from.number===s.number?t.to:x(t)),u=s.dnd?`, ${this.word("do_not_disturb")}`:"";return r`<button class="phone ${i?"off":""}" data-state=${e} data-extension=${s.number} aria-haspopup="true"
      aria-label="${n||s.number}${n?` ${s.number}`:""}: ${a}${u}" @click=${d=>this.open(d,o)}>
      ${E(n,s.number,e,"idle")}
      <span class="text"><span class="title cut">${n?r`<bdi>${n}</bdi>`:m(s.number)}</span>
        <span class="sub cut">${e!=="idle"&&l?_(l,this.word("hidden_number")):e!=="idle"||i?a:n?m(s.number):a}</span></span>
      ${e!=="idle"&&t?P(v(t)):s.dnd?p("dnd"):c}
    </button>`}open(o,s){this.problem="",this.selected={account:s.account.id,number:s.extension.number},this.requestUpdate();let t=o.currentTarget.getBoundingClientRect();this.updateComplete.then(()=>{let e=this.renderRoot.querySelector(".sheet");e.showPopover();let n=Math.min(Math.max(8,t.left),window.innerWidth-e.offsetWidth-8),i=t.bottom+e.offsetHeight+8<window.innerHeight;e.style.left=`${n}px`,e.style.top=`${i?t.bottom+4:Math.max(8,t.top-e.offsetHeight-4)}px`,e.querySelector("button")?.focus()})}sheet(o){let s=o.find(h=>h.account.id===this.selected?.account&&h.extension.number===this.selected.number);if(!s)return c;let{account:t,extension:e}=s,n=this.mine,i=n?.account.id===t.id,a=i&&n.extension.number===e.number,l=t.can.includes("click_to_call")?"click_to_call":t.can.includes("originate")?"originate":"",u=n&&Object.values(t.calls).find(h=>["talking","on_hold"].includes(g(n,t,h)?.state??"")),d=(h,O,H)=>r`<button @click=${async()=>{await H()&&this.close()}}>${p(h)}<span>${O}</span></button>`;return r`<div class="head"><strong class="cut"><bdi>${e.name||e.number}</bdi></strong>
        <span class="muted">${m(e.number)} · ${b(this.hass,s.state)}${e.dnd?` \xB7 ${this.word("do_not_disturb")}`:""}${e.registered===!1?` \xB7 ${this.word("offline")}`:""}</span></div>
      ${this.problem?this.notice(this.problem,"cancelled"):c}
      ${i&&!a&&l?d("phone",this.word("call"),()=>this.act(t,l,{extension:n.extension.number,number:e.number})):c}
      ${i&&!a&&u&&t.can.includes("transfer")?d("transfer",this.word("take_call"),()=>this.act(t,"transfer",{number:e.number,expected_state:g(n,t,u).state},n.extension.device)):c}
      ${a||!e.device?c:d("check",this.word("my_phone"),async()=>(await this.choose({extension:`${t.id}/${e.number}`}),!0))}
      ${e.device?d("more",this.word("more"),()=>this.more(e)):c}`}close(){this.renderRoot.querySelector(".sheet")?.hidePopover()}more(o){let t=Object.values(this.hass?.entities??{}).find(e=>e.device_id===o.device&&e.translation_key==="call_state");return t&&this.dispatchEvent(new CustomEvent("hass-more-info",{detail:{entityId:t.entity_id},bubbles:!0,composed:!0})),Promise.resolve(!0)}};export{T as PhonesCard};
