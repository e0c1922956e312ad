// sources sha256:9ba522891f938b1196f8dbe2d2f02b95f1371b92d57bd343d0e50ba9c4db968b
import{a as L,b as O}from"./chunk-M3JYW5RD.js";import{a as D}from"./chunk-UO63PFME.js";import{D as w,E as y,F as S,G as $,H as j,I as q,J as ot,K as at,a as x,b as a,d as p,f as h,g as K,h as M,i as C,j as E,k as U,l as tt,n as et,q as V,r as f,s as st,t as v,u as it,v as H,w as nt}from"./chunk-6ZZ5QXW6.js";var Y=1e3,mt=["1","2","3","4","5","6","7","8","9","*","0","#"],J=class extends ot{constructor(){super();this.opened="";this.form="";this.sent="";this.busy=new Set;this.rows=[];this.touched=0;this.timer=0;this.announced="";new v(this,["calls","accounts","me"]),this.addEventListener("pointerdown",()=>this.touched=Date.now())}static{this.styles=[w,x`
      ul { display: flex; flex-direction: column; gap: 0; margin: 0 -8px; }
      li { display: grid; grid-template-columns: 48px minmax(0, 1fr) auto auto; grid-template-areas: "avatar who clock buttons"; gap: 8px 12px; align-items: center; padding: 12px 8px; border-radius: 12px; }
      li + li { border-top: 1px solid var(--pbx-line); border-start-start-radius: 0; border-start-end-radius: 0; }
      li[data-state="ringing"] { background: color-mix(in srgb, var(--pbx-ringing) 10%, transparent); }
      li.over { opacity: 0.4; }
      .avatar { grid-area: avatar; width: 40px; height: 40px; margin: 4px; }
      .who { grid-area: who; display: grid; gap: 0; min-width: 0; }
      .name { font-size: 16px; line-height: 24px; font-weight: 500; }
      .line { display: flex; flex-wrap: wrap; align-items: center; gap: 0 6px; font-size: 14px; line-height: 20px; color: var(--secondary-text-color); }
      .line .icon { width: 16px; height: 16px; }
      .time { grid-area: clock; font-size: 16px; line-height: 24px; text-align: end; display: grid; justify-items: end; align-self: center; }
      .time small { font-size: 12px; line-height: 16px; color: var(--secondary-text-color); display: inline-flex; gap: 6px; align-items: center; }
      .buttons { grid-area: buttons; display: flex; gap: 8px; }
      .phone { display: inline-flex; align-items: center; gap: 6px; color: var(--primary-text-color); max-width: 100%; }
      .account::before { content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 2px; margin-inline-end: 6px; background: hsl(var(--hue) 55% 50%); }
      .more { grid-column: 1 / -1; display: flex; gap: 8px; flex-wrap: wrap; padding-inline-start: 60px; }
      .more pbx-finder { flex: 1 1 200px; }
      .keys { display: grid; grid-template-columns: repeat(6, 44px); gap: 8px; direction: ltr; }
      .keys button { height: 44px; background: var(--pbx-soft); text-align: center; font-size: 18px; }
      .count { min-width: 24px; text-align: center; }
      @container (max-width: 520px) {
        li { grid-template-columns: 48px minmax(0, 1fr) auto; grid-template-areas: "avatar who clock" "buttons buttons buttons"; }
        .buttons { justify-content: flex-end; }
        .buttons:empty { display: none; }
        .more { padding-inline-start: 0; }
        li .buttons .labelled { flex: 1; width: auto; border-radius: 22px; grid-auto-flow: column; justify-content: center; gap: 8px; }
        li .buttons .labelled .text { position: static; width: auto; height: auto; clip-path: none; font-weight: 500; }
      }
    `]}arrange(e){let t=Date.now(),s=new Map;for(let n of e)for(let d of Object.values(n.calls))s.set(`${n.id}/${d.id}`,{account:n,call:d});let i=[];for(let n of this.rows){let d=`${n.account.id}/${n.call.id}`,u=s.get(d);u?i.push(u):t-(n.over??t)<Y&&f.known.accounts.has(n.account.id)&&i.push({...n,over:n.over??t}),s.delete(d)}let o=[...i,...s.values()],l=t-this.touched<Y||o.some(n=>n.over);return(o.some(n=>n.over)||l)&&(clearTimeout(this.timer),this.timer=window.setTimeout(()=>this.requestUpdate(),Y)),l||o.sort((n,d)=>K(n.call)-K(d.call)||C(n.call)-C(d.call)),o}render(){let e=this.shown;this.rows=this.arrange(e);let t=this.rows.filter(i=>!i.over).length,s=this.obstacle(e);return a`<ha-card>
      <div class="header">
        ${h("talking")}
        <h2>${this.config.title??this.word("live_calls")}</h2>
        ${t?a`<span class="chip count">${t}</span>`:p}
      </div>
      ${this.notices(e)}
      <span class="sr" role="status">${this.announcement()}</span>
      ${s??(this.rows.length?a`<ul>${D(this.rows,i=>`${i.account.id}/${i.call.id}`,i=>this.row(i,e.length>1))}</ul>`:a`<div class="empty">${h("idle")}<span>${this.word("all_is_quiet")}</span></div>`)}
    </ha-card>`}announcement(){let e=this.rows.filter(t=>!t.over&&t.call.state==="ringing").map(t=>E(M(t.call),this.word("hidden_number")));return e.length?this.announced=`${this.word("incoming_call")}: ${e.join(", ")}`:this.announced="",this.announced}row(e,t){let{account:s,call:i}=e,o=`${s.id}/${i.id}`,l=this.word("hidden_number"),n=i.direction==="internal"?i.from:M(i),d=E(n,l),{first:u,rest:g}=e.over?{first:[],rest:[]}:L(s,i,this.mine),m=i.queue?s.queues[i.queue]?.name??i.queue:"";return a`<li class=${e.over?"over":""} data-call=${i.id} data-state=${i.state}>
      ${$(n.name??"",n.number??l,e.over?void 0:i.state,n.hidden?"away":"phone")}
      <div class="who">
        <span class="name cut">${S(n,l)}</span>
        <span class="line">${n.name&&n.number?a`${y(n.number)}`:p}</span>
        <span class="line">
          <span role="img" aria-label=${i.direction==="outgoing"?"\u2190":"\u2192"}>${h(i.direction==="outgoing"?"dialing":"arrow","arrow small")}</span>
          ${this.phones(s,i)}
          ${m?a`<span class="phone">${h("agents","small")}<bdi class="cut">${m}</bdi></span>`:p}
          ${t?a`<span class="account cut" style="--hue:${st(s.id)}"><bdi>${s.title}</bdi></span>`:p}
        </span>
      </div>
      <span class="time">${j(C(i))}<small data-state=${i.state}><span class="dot"></span>${nt(this.hass,i.state)}</small></span>
      <div class="buttons">
        ${u.map(A=>this.button(o,s,A,d))}
        ${g.length?a`<button class="round bare" title=${this.word("more")} aria-label="${this.word("more")}: ${d}" aria-expanded=${this.opened===o&&!this.form}
              @click=${()=>this.toggle(o,"")}>${h("more")}</button>`:p}
      </div>
      ${this.opened===o?this.details(o,s,g,[...u,...g],d):p}
    </li>`}phones(e,t){let s=U(t).filter(o=>t.direction!=="internal"||o.extension!==t.from.number);if(!s.length)return a`<span class="phone cut">${S(t.direction==="outgoing"?t.from:t.to,"")}</span>`;let i=3;return a`${s.slice(0,i).map(o=>a`<span class="phone" data-state=${o.state}>${s.length>1?a`<span class="dot"></span>`:p}<bdi class="cut">${e.extensions[o.extension]?.name||o.extension}</bdi></span>`)}${s.length>i?a`<span>+${s.length-i}</span>`:p}`}button(e,t,s,i){let o=this.word(s.word),l=s.action==="transfer",n=s.word==="hang_up"?"soft":"";return a`<button class="round ${s.tone?"labelled":""} ${s.tone??""} ${n}" title=${o} aria-label="${o}: ${i}" ?disabled=${this.busy.has(e)}
      aria-expanded=${l?this.opened===e&&this.form==="transfer":p}
      @click=${()=>l?this.toggle(e,"transfer"):this.command(e,t,s)}>${h(s.icon)}<span class="text sr">${o}</span></button>`}details(e,t,s,i,o){let l=n=>i.find(d=>d.action===n);if(this.form==="transfer"){let n=l("transfer");if(!n)return a``;let d=u=>{let g=u.target.closest(".more").querySelector("pbx-finder");g.value.trim()&&this.command(e,t,n,{number:g.value.trim()})};return a`<div class="more">
        <pbx-finder .hass=${this.hass} account=${t.id} label=${this.word("transfer_to")} @pbx-enter=${d}></pbx-finder>
        <button class="wide go" @click=${d}>${h("transfer","flip")}${this.word("transfer")}</button>
      </div>`}if(this.form==="send_dtmf"){let n=l("send_dtmf");return n?a`<div class="more" role="group" aria-label=${this.word("keypad")}>
        <div class="keys">${mt.map(d=>a`<button @click=${()=>this.press(t,n,d)}>${d}</button>`)}</div>
        <output class="number" dir="ltr">${this.sent}</output>
      </div>`:a``}return a`<div class="more">
      ${s.map(n=>a`<button class="wide" aria-label="${this.word(n.word)}: ${o}" ?disabled=${this.busy.has(e)}
        @click=${()=>n.action==="send_dtmf"?this.toggle(e,"send_dtmf"):this.command(e,t,n)}>${h(n.icon)}${this.word(n.word)}</button>`)}
    </div>`}toggle(e,t){let s=this.opened===e&&this.form===t;this.opened=s?"":e,this.form=s?"":t,this.sent="",this.requestUpdate(),!s&&t==="transfer"&&this.updateComplete.then(()=>this.renderRoot.querySelector("pbx-finder")?.focus())}async command(e,t,s,i={}){this.busy.has(e)||(this.busy.add(e),this.requestUpdate(),await O(this,t,s,i)&&(this.opened=this.form=""),this.busy.delete(e),this.requestUpdate())}async press(e,t,s){await O(this,e,t,{digits:s})&&(this.sent+=s),this.requestUpdate()}};var ht=300,gt=12,W=class extends q{constructor(){super();this.text="";this.contacts=[];this.open=!1;this.active=-1;this.asked=0;this.timer=0;this.key=e=>{let t=this.open?this.choices:[];if(e.key==="ArrowDown"||e.key==="ArrowUp"){e.preventDefault();let s=this.choices.length,i=e.key==="ArrowDown"?1:-1;this.active=s?(this.active+i+s)%s:-1,this.show(!0)}else if(e.key==="Enter"){e.preventDefault();let s=t[this.active];s?this.pick(s):this.text.trim()&&this.dispatchEvent(new CustomEvent("pbx-enter"))}else e.key==="Escape"&&t.length&&(e.stopPropagation(),this.show(!1))};this.label=this.account="",new v(this,["accounts"])}static{this.styles=[w,x`
      :host { position: relative; }
      .field { position: relative; }
      input { padding-inline-end: 44px; }
      :host([large]) input { height: 56px; font-size: 20px; letter-spacing: 0.01em; }
      .erase { position: absolute; inset-inline-end: 0; top: 0; height: 100%; width: 44px; display: grid; place-items: center; color: var(--secondary-text-color); }
      ul { position: absolute; inset-inline: 0; top: calc(100% + 4px); padding: 4px; z-index: 4; max-height: 328px; overflow: auto; background: var(--card-background-color, #fff);
        border: 1px solid var(--pbx-line); border-radius: 16px; box-shadow: 0 8px 24px rgb(0 0 0 / 0.25); }
      li { display: flex; gap: 12px; align-items: center; padding: 6px 8px; min-height: 44px; box-sizing: border-box; border-radius: 12px; cursor: pointer; }
      li[aria-selected="true"], li:hover { background: var(--pbx-soft); }
      li .avatar { width: 32px; height: 32px; font-size: 13px; } li .avatar .icon { width: 18px; height: 18px; }
      li > span:nth-child(2) { display: grid; flex: 1; min-width: 0; line-height: 20px; }
      small { font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
    `]}static{this.properties={label:{type:String},account:{type:String},value:{attribute:!1,noAccessor:!0}}}get value(){return this.text}set value(e){this.typed(e,!1)}focus(){this.renderRoot.querySelector("input")?.focus()}get accounts(){return f.accounts.filter(e=>!this.account||e.id===this.account)}get choices(){if(!this.text.trim())return[];let e=f.accounts.length>1,t=[];for(let s of this.accounts)for(let i of Object.values(s.extensions)){if(t.length>=8)break;i.trunk||!V(this.text,i.name??"",i.number)||t.push({name:i.name??"",number:i.number,where:e?s.title:"",state:i.state,phone:!0})}return[...t,...this.contacts].slice(0,gt)}render(){let e=this.open?this.choices:[];return a`<div class="field">
        <input role="combobox" inputmode="tel" autocomplete="off" spellcheck="false" enterkeyhint="go" aria-autocomplete="list" aria-label=${this.label}
          placeholder=${this.label} aria-expanded=${e.length>0} aria-controls="choices"
          aria-activedescendant=${this.active>=0&&e[this.active]?`choice-${this.active}`:p} .value=${this.text}
          @input=${t=>this.typed(t.target.value)} @keydown=${this.key} @focus=${()=>this.show(!0)}
          @blur=${()=>this.show(!1)} />
        ${this.text?a`<button class="erase" tabindex="-1" aria-label=${this.word("clear")} @click=${()=>this.typed(this.text.slice(0,-1))}>${h("backspace","flip")}</button>`:p}
      </div>
      <ul id="choices" role="listbox" aria-label=${this.word("contacts")} ?hidden=${!e.length}>
        ${e.map((t,s)=>this.choice(t,s))}
      </ul>`}choice(e,t){return a`<li id="choice-${t}" role="option" aria-selected=${t===this.active} @mousedown=${s=>s.preventDefault()}
      @click=${()=>this.pick(e)}>
      ${$(e.name,e.number,e.state,e.phone?"idle":"phone")}
      <span><span class="cut">${e.name?a`<bdi>${e.name}</bdi>`:y(e.number)}</span>
        <small class="cut">${e.name?y(e.number):p}${e.where?a` · <bdi>${e.where}</bdi>`:p}</small></span>
    </li>`}show(e){this.open=e,this.requestUpdate()}typed(e,t=!0){this.text=e,this.active=-1,this.open=t,this.contacts=this.contacts.filter(s=>V(e,s.name,s.number)),this.requestUpdate(),clearTimeout(this.timer),t&&e.trim().length>=2&&(this.timer=window.setTimeout(()=>{this.search(e.trim())},ht)),this.dispatchEvent(new CustomEvent("pbx-typed",{detail:e}))}press(e){this.typed(this.text+e)}async search(e){let t=++this.asked;try{let s=this.account||void 0,i=await this.hass.callWS({type:"pbx/search",text:e,...s&&{account:s}});if(t!==this.asked)return;let o=new Map(f.accounts.map(l=>[l.id,l.title]));this.contacts=i.contacts.map(l=>({name:l.name,number:l.number,where:l.company&&l.company!==l.name?l.company:o.size>1&&o.get(l.account??"")||"",phone:!1}))}catch{this.contacts=[]}this.requestUpdate()}pick(e){this.typed(e.number,!1),this.dispatchEvent(new CustomEvent("pbx-picked",{detail:e})),this.focus()}};function k(c,r,e){return class extends HTMLElement{setConfig(t){this.config=t,this.card?.setConfig(t)}set hass(t){this.current=t,this.card&&(this.card.hass=t)}getCardSize(){return 6}getGridOptions(){return e}connectedCallback(){this.style.display="block",this.style.height="100%",this.card||this.fill()}async fill(){let t=await r();customElements.get(c)||customElements.define(c,t),!this.card&&(this.card=document.createElement(c),this.card.setConfig(this.config??{}),this.current&&(this.card.hass=this.current),this.append(this.card))}}}var ft=[523.25,659.25],B=class{constructor(){this.timer=0}ring(r){r!==!!this.timer&&(clearInterval(this.timer),this.timer=0,r&&(this.context??=new AudioContext,this.context.resume().catch(()=>{}),this.once(),this.timer=window.setInterval(()=>this.once(),3e3)))}once(){let r=this.context;if(r.state==="running")for(let e=0;e<8;e++){let t=r.currentTime+e*.12,s=new OscillatorNode(r,{type:"sine",frequency:ft[e%2]}),i=new GainNode(r,{gain:0});i.gain.setValueAtTime(0,t),i.gain.linearRampToValueAtTime(.15,t+.02),i.gain.linearRampToValueAtTime(0,t+.11),s.connect(i).connect(r.destination),s.start(t),s.stop(t+.12)}}};var G=2,bt=20,I=class extends q{constructor(){super();this.dismissed=new Set;this.silenced=new Set;this.ringer=new B;this.busy="";this.missed=[];this.asked="";this.see=async()=>{this.missed=[],this.requestUpdate(),await this.hass?.callWS({type:"pbx/seen"}).catch(()=>{})};new v(this,["calls","accounts","me"])}static{this.styles=[w,x`
      :host { display: contents; font-family: var(--ha-font-family-body, Roboto, sans-serif); }
      .stack { position: fixed; inset: auto; margin: 0; border: 0; padding: 0; background: none; overflow: visible; color: inherit; display: none; flex-direction: column; gap: 8px;
        inset-block-end: calc(16px + env(safe-area-inset-bottom)); inset-inline-end: 16px; width: min(384px, calc(100vw - 32px)); }
      .stack:popover-open { display: flex; }
      dialog:not([open]) { display: contents; }
      dialog { border: 0; padding: 0; background: none; width: 0; height: 0; outline: none; }
      dialog::backdrop { background: none; }
      article { background: var(--card-background-color, #fff); color: var(--primary-text-color); border-radius: 20px; padding: 12px; box-shadow: 0 8px 32px rgb(0 0 0 / 0.35); border: 1px solid var(--pbx-line);
        display: grid; grid-template-columns: 48px minmax(0, 1fr) auto; gap: 8px 12px; align-items: center; }
      .avatar { width: 40px; height: 40px; margin: 4px; }
      .text { display: grid; min-width: 0; } .name { font-size: 18px; line-height: 24px; font-weight: 500; } .sub { font-size: 14px; line-height: 20px; color: var(--secondary-text-color); }
      .buttons { grid-column: 1 / -1; display: flex; gap: 8px; } .buttons .wide { flex: 1; min-height: 48px; border-radius: 24px; }
      .side { display: flex; align-self: start; }
      .rest { display: block; padding: 8px 16px; text-align: center; }
      .problem { grid-column: 1 / -1; }
      @media (max-width: 600px) {
        .stack { inset-block-end: calc(8px + env(safe-area-inset-bottom)); inset-inline: 8px; width: auto; }
      }
      @media (prefers-reduced-motion: no-preference) { .stack:popover-open { animation: enter 0.2s ease-out; } @keyframes enter { from { opacity: 0; transform: translateY(8px); } } }
    `]}async askMissed(){let{popup:e,seen:t,extension:s}=this.myChoice,o=`${f.accounts.map(l=>`${l.id}:${l.missed}`).join()} ${e} ${t} ${s}`;if(!(o===this.asked||!this.hass||!f.ready)){if(this.asked=o,!t||e!=="mine"&&e!=="all"||!f.accounts.length){this.missed=[];return}try{let l=await this.hass.callWS({type:"pbx/recent",missed:!0,limit:bt});if(o!==this.asked)return;let n=this.mine;this.missed=l.calls.filter(d=>(d.ended_at??"")>t&&(e==="all"||d.account===n?.account.id&&d.extensions?.includes(n.extension.number)))}catch{this.missed=[]}this.requestUpdate()}}get ringing(){let{popup:e}=this.myChoice;if(e!=="mine"&&e!=="all")return[];let t=this.mine;return f.accounts.flatMap(s=>Object.values(s.calls).filter(i=>i.state!=="ringing"||i.direction==="outgoing"||this.dismissed.has(i.id)?!1:e==="all"||et(t,s,i)?.state==="ringing").map(i=>({account:s,call:i})))}render(){let e=this.ringing;return a`<dialog tabindex="-1" aria-label=${this.word("incoming_call")} @cancel=${t=>this.cancel(t,e)}>
      <div class="stack" popover="manual" role="region" dir=${document.documentElement.dir||document.dir||"ltr"} aria-label=${this.word("incoming_call")}>
        ${D(e.slice(0,G),({call:t})=>t.id,t=>this.one(t))}
        ${e.length>G?a`<article class="rest">+${e.length-G}</article>`:p}
        ${this.missed.length?this.missedCalls():p}
      </div>
    </dialog>`}one({account:e,call:t}){let s=this.word("hidden_number"),i=M(t),o=E(i,s),{first:l}=L(e,t,this.mine),n=U(t).map(m=>e.extensions[m.extension]?.name||m.extension),d=t.queue?e.queues[t.queue]?.name??t.queue:"",u=m=>m.tone==="stop"?0:1,g=!this.myChoice.sound||this.silenced.has(t.id);return a`<article data-call=${t.id}>
      ${$(i.name??"",i.number??s,"ringing",i.hidden?"away":"phone")}
      <span class="text">
        <span class="sr" role="alert">${this.word("incoming_call")}: ${o}</span>
        <span class="name cut" aria-hidden="true">${S(i,s)}</span>
        <span class="sub cut">${i.name&&i.number?a`${y(i.number)} · `:p}${j(C(t))}</span>
        <span class="sub cut">${h("arrow","arrow inline")}<bdi>${[...n,d].filter(Boolean).join(", ")||E(t.to,"")}</bdi>${f.accounts.length>1?a` · <bdi>${e.title}</bdi>`:p}</span>
      </span>
      <span class="side">
        ${g?p:a`<button class="round bare" title=${this.word("silence")} aria-label=${this.word("silence")} @click=${()=>this.silence(t)}>${h("silence")}</button>`}
        <button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${o}" @click=${()=>this.dismiss(t)}>${h("close")}</button>
      </span>
      ${l.length?a`<span class="buttons">${[...l].sort((m,A)=>u(m)-u(A)).map(m=>a`<button class="wide ${m.tone??""}" aria-label="${this.word(m.word)}: ${o}"
        ?disabled=${this.busy===t.id} @click=${()=>this.command(e,t,m)}>${h(m.icon)}${this.word(m.word)}</button>`)}</span>`:p}
      ${this.problem?a`<div class="problem">${this.notice(this.problem,"cancelled")}</div>`:p}
    </article>`}missedCalls(){let[e]=this.missed,t=e,s=this.word("hidden_number"),i=t.from_name||t.from_number||s,o=this.missed.length-1,l=this.mine,n=l?.account.can.includes("click_to_call")?"click_to_call":l?.account.can.includes("originate")?"originate":"",d=t.from_number&&!t.from_number.includes("\u2022")&&n;return a`<article class="missed" data-missed=${t.call_id}>
      ${$(t.from_name??"",t.from_number??s,void 0,"missed")}
      <span class="text" role="status">
        <span class="sub">${this.word("missed_call")}${o?a` · +${o}`:p}</span>
        <span class="name cut">${S({name:t.from_name,number:t.from_number},s)}</span>
        <span class="sub cut">${t.ended_at?this.times.time(new Date(t.ended_at)):""}${t.extension_name?a` · <bdi>${t.extension_name}</bdi>`:p}</span>
      </span>
      <span class="side"><button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${i}" @click=${this.see}>${h("close")}</button></span>
      ${d?a`<span class="buttons"><button class="wide" ?disabled=${this.busy===t.call_id} @click=${()=>this.callBack(t,n)}>${h("phone")}${this.word("call_back")}</button></span>`:p}
    </article>`}async callBack(e,t){let s=this.mine;this.busy=e.call_id,this.requestUpdate(),await this.act(s.account,t,{extension:s.extension.number,number:e.from_number})&&await this.see(),this.busy="",this.requestUpdate()}async command(e,t,s){this.busy=t.id,this.requestUpdate(),await O(this,e,s),this.busy="",this.requestUpdate()}dismiss(e){this.dismissed.add(e.id),this.requestUpdate()}silence(e){this.silenced.add(e.id),this.requestUpdate()}forget(){let e=new Set(f.accounts.flatMap(t=>Object.keys(t.calls)));for(let t of[this.dismissed,this.silenced])for(let s of t)e.has(s)||t.delete(s)}cancel(e,t){e.preventDefault();for(let{call:s}of t)this.dismiss(s)}updated(e){super.updated(e);let t=this.ringing,s=this.renderRoot.querySelector("dialog"),i=this.renderRoot.querySelector(".stack"),o=i.matches(":popover-open");if(this.ringer.ring(this.myChoice.sound&&t.some(({call:l})=>!this.silenced.has(l.id))),this.askMissed(),t.length||(s.open&&s.close(),this.forget()),!t.length&&!this.missed.length){o&&i.hidePopover(),this.problem="";return}t.length&&!s.open&&rt(document)&&(o&&i.hidePopover(),s.showModal()),i.matches(":popover-open")||i.showPopover()}};function rt(c){if(c.querySelector("dialog:modal"))return!0;for(let r of c.querySelectorAll("*"))if(r.shadowRoot&&rt(r.shadowRoot))return!0;return!1}function ct(){if(document.querySelector("pbx-call-popup"))return;let c=document.createElement("pbx-call-popup");document.body.append(c);let r=document.querySelector("home-assistant");r?.provideHass?.(c);let e=()=>{r?.hass?c.hass=r.hass:setTimeout(e,100)};e()}var N=class extends q{static{this.styles=[w,x`
      .line { display: flex; flex-wrap: wrap; justify-content: center; gap: 8px; }
      .one { display: inline-flex; gap: 8px; align-items: center; height: 36px; padding: 0 14px 0 10px; border-radius: 18px; box-sizing: border-box; font-size: 14px; background: var(--card-background-color, #fff); border: 1px solid var(--pbx-line); }
      .one b { font-weight: 600; font-variant-numeric: tabular-nums; } .one .icon { width: 20px; height: 20px; }
      .ringing .icon { color: var(--pbx-ringing); } .talking .icon { color: var(--pbx-talking); } .waiting .icon { color: var(--pbx-on_hold); } .missed .icon { color: var(--pbx-missed); }
      .none { color: var(--secondary-text-color); }
    `]}constructor(){super(),new v(this,["calls","accounts"])}setConfig(){}render(){if(!f.ready||!f.accounts.length)return a``;let r=f.accounts.flatMap(n=>Object.values(n.calls)),e=n=>r.filter(d=>d.state===n).length,t=e("talking")+e("on_hold"),s=r.filter(tt).length,i=f.accounts.reduce((n,d)=>n+d.missed,0),o=(n,d,u,g)=>g?a`<span class="one ${n}">${h(d)}<b>${g}</b><span>${u}</span></span>`:p,l=n=>this.hass?.localize(`component.pbx.entity.sensor.call_state.state.${n}`)||n;return a`<div class="line" role="status">
      ${o("ringing","ringing",l("ringing"),e("ringing"))}
      ${o("talking","talking",l("talking"),t)}
      ${o("waiting","clock",this.word("waiting"),s)}
      ${o("missed","missed",this.word("missed"),i)}
      ${r.length||i?p:a`<span class="one none">${h("idle")}${this.word("all_is_quiet")}</span>`}
    </div>`}};function xt(c,r){let e=new Map;for(let t of Object.values(c.entities)){if(t.platform!=="pbx"||!t.device_id)continue;let s=c.devices[t.device_id];for(let i of s?.config_entries??[]){if(r?.length&&!r.includes(i))continue;let o=e.get(i)??{id:i,title:"",keys:new Set};t.translation_key&&o.keys.add(t.translation_key),t.translation_key==="active_calls"&&(o.title=s?.name_by_user??s?.name??i),e.set(i,o)}}return[...e.values()].sort((t,s)=>t.title.localeCompare(s.title))}var F=class extends HTMLElement{static async generate(r,e){it(e);let t=await e.loadBackendTranslation("common","pbx").catch(()=>{}),s=typeof t=="function"?{...e,localize:t}:e,o=xt(e,r.accounts).some(b=>b.keys.has("agent_status")||b.keys.has("waiting_callers")),l=r.accounts?.length===1?{account:r.accounts[0]}:{},n=r.columns??3,d={grid_options:{columns:"full"}},u=(b,P={})=>({type:`custom:pbx-${b}-card`,...l,...P}),g=(b,P={})=>({type:"grid",cards:b,...P}),m=(b,P,pt,ut={})=>({title:H(s,b),path:b,icon:P,type:"sections",max_columns:n,sections:pt,...ut}),A=Math.max(1,n-1),Z={calls:m("calls","mdi:phone-in-talk",[g([u("calls",d),u("list",{short:!0,...d})],{column_span:A}),g([u("dial"),...o?[u("queues",{agents:!1})]:[]])],{badges:[{type:"custom:pbx-status-badge"}]}),phones:m("phones","mdi:deskphone",[g([u("phones",d)],{column_span:n})]),queues:o?m("queues","mdi:account-multiple",[g([u("queues",d)],{column_span:n})]):void 0,history:m("history","mdi:history",[g([u("list",d)],{column_span:n})]),contacts:m("contacts","mdi:contacts",[g([u("contacts",d)],{column_span:n})])},dt=r.views?.length?r.views:Object.keys(Z);return{title:H(s,"phones"),views:dt.map(b=>Z[b]).filter(Boolean)}}static getCreateSuggestions(){return{title:"Phones",icon:"mdi:phone",url_path:"pbx-phones"}}};var z={name:"account",selector:{config_entry:{integration:"pbx"}}},_={name:"title",selector:{text:{}}},X=c=>({name:c,selector:{boolean:{}}}),Q=(c,r,e,t)=>({name:c,selector:{number:{min:r,max:e,mode:"box",...t&&{unit_of_measurement:t}}}}),R={columns:12,min_columns:6,rows:"auto"},lt=[{tag:"pbx-calls-card",element:J,name:"live_calls",entity:"active_calls",form:[_,z]},{tag:"pbx-dial-card",name:"dial_pad",entity:"",element:k("pbx-dial-pad",async()=>(await import("./dial-card-DCA3EEFZ.js")).DialCard,R),form:[_,z,X("keys")]},{tag:"pbx-phones-card",name:"phones",entity:"active_calls",element:k("pbx-phones",async()=>(await import("./phones-card-NFFDWWVY.js")).PhonesCard,R),form:[_,z,{name:"group",selector:{select:{mode:"dropdown",options:["account","area","none"]}}}]},{tag:"pbx-phone-card",name:"one_phone",entity:"call_state",element:k("pbx-phone",async()=>(await import("./phone-card-TSJ373NA.js")).PhoneCard,{...R,columns:6}),form:[_,{name:"device",selector:{device:{integration:"pbx"}}}]},{tag:"pbx-queues-card",name:"queues",entity:"waiting_callers",element:k("pbx-queues-board",async()=>(await import("./queues-card-JFQM5WGC.js")).QueuesCard,R),form:[_,z,Q("wait",5,3600,"s"),Q("service_level",0,100,"%"),X("agents")]},{tag:"pbx-list-card",name:"history",entity:"last_call",element:k("pbx-list",async()=>(await import("./list-card-EKAHR2OY.js")).ListCard,R),form:[_,z,Q("limit",1,100),X("short")]},{tag:"pbx-contacts-card",name:"contacts",entity:"",element:k("pbx-contacts",async()=>(await import("./contacts-card-K32BFC3X.js")).ContactsCard,R),form:[_]}];function T(c,r){customElements.get(c)||customElements.define(c,r)}function vt(c,r,e){let t=r.entities[e];if(!c.entity||t?.platform!=="pbx"||t.translation_key!==c.entity)return null;let s=c.tag==="pbx-phone-card"&&t.device_id?{device:t.device_id}:{};return{config:{type:`custom:${c.tag}`,...s}}}window.customCards??=[];for(let c of lt){Object.assign(c.element,{getStubConfig:()=>({type:`custom:${c.tag}`}),getConfigForm:()=>({schema:c.form})});let r=`PBX: ${H(void 0,c.name)}`;window.customCards.push({type:c.tag,name:r,description:r,preview:!0,getEntitySuggestion:(e,t)=>vt(c,e,t)})}window.customBadges??=[];window.customBadges.push({type:"pbx-status-badge",name:"PBX: Status",description:"How many calls ring, talk and wait",preview:!1});window.customStrategies??=[];window.customStrategies.push({type:"pbx",strategyType:"dashboard",name:"Phones",description:"Calls, phones, queues and history of all phone systems"});await customElements.whenDefined("home-assistant");for(let[c,r]of at)T(c,r);T("pbx-finder",W);for(let c of lt)T(c.tag,c.element);T("pbx-status-badge",N);T("pbx-call-popup",I);T("ll-strategy-dashboard-pbx",F);ct();
