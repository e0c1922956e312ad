// sources sha256:114e2d10f2b62ab55d120cf4704646930f3f4dfebbd8768957a5aceade29d313
import{a as D,b as O}from"./chunk-FA4ZKHWY.js";import{a as L}from"./chunk-ED2JFXRV.js";import{D as w,E as y,F as z,G as E,H as j,I as S,J as ot,K as at,a as x,b as r,d as p,f as h,g as K,h as H,i as C,j as _,k as U,l as tt,n as et,q as V,r as st,s as f,t as v,u as it,v as P,w as nt}from"./chunk-NH6P4OB3.js";var Y=1e3,mt=["1","2","3","4","5","6","7","8","9","*","0","#"],J=class extends ot{constructor(){super();this.opened="";this.form="";this.sent="";this.busy=new Set;this.rows=[];this.touched=0;this.timer=0;this.announced="";new v(this,["calls","accounts","me"]),this.addEventListener("pointerdown",()=>this.touched=Date.now())}static{this.styles=[w,x`
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
    `]}arrange(t){let e=Date.now(),s=new Map;for(let n of t)for(let l of Object.values(n.calls))s.set(`${n.id}/${l.id}`,{account:n,call:l});let i=[];for(let n of this.rows){let l=`${n.account.id}/${n.call.id}`,u=s.get(l);u?i.push(u):e-(n.over??e)<Y&&f.known.accounts.has(n.account.id)&&i.push({...n,over:n.over??e}),s.delete(l)}let a=[...i,...s.values()],d=e-this.touched<Y||a.some(n=>n.over);return(a.some(n=>n.over)||d)&&(clearTimeout(this.timer),this.timer=window.setTimeout(()=>this.requestUpdate(),Y)),d||a.sort((n,l)=>K(n.call)-K(l.call)||C(n.call)-C(l.call)),a}render(){let t=this.shown;this.rows=this.arrange(t);let e=this.rows.filter(i=>!i.over).length,s=this.obstacle(t);return r`<ha-card>
      <div class="header">
        ${h("talking")}
        <h2>${this.config.title??this.word("live_calls")}</h2>
        ${e?r`<span class="chip count">${e}</span>`:p}
      </div>
      ${this.notices(t)}
      <span class="sr" role="status">${this.announcement()}</span>
      ${s??(this.rows.length?r`<ul>${L(this.rows,i=>`${i.account.id}/${i.call.id}`,i=>this.row(i,t.length>1))}</ul>`:r`<div class="empty">${h("idle")}<span>${this.word("all_is_quiet")}</span></div>`)}
    </ha-card>`}announcement(){let t=this.rows.filter(e=>!e.over&&e.call.state==="ringing").map(e=>_(H(e.call),this.word("hidden_number")));return t.length?this.announced=`${this.word("incoming_call")}: ${t.join(", ")}`:this.announced="",this.announced}row(t,e){let{account:s,call:i}=t,a=`${s.id}/${i.id}`,d=this.word("hidden_number"),n=i.direction==="internal"?i.from:H(i),l=_(n,d),{first:u,rest:g}=t.over?{first:[],rest:[]}:D(s,i,this.mine),m=i.queue?s.queues[i.queue]?.name??i.queue:"";return r`<li class=${t.over?"over":""} data-call=${i.id} data-state=${i.state}>
      ${E(n.name??"",n.number??d,t.over?void 0:i.state,n.hidden?"away":"phone")}
      <div class="who">
        <span class="name cut">${z(n,d)}</span>
        <span class="line">${n.name&&n.number?r`${y(n.number)}`:p}</span>
        <span class="line">
          <span role="img" aria-label=${i.direction==="outgoing"?"\u2190":"\u2192"}>${h(i.direction==="outgoing"?"dialing":"arrow","arrow small")}</span>
          ${this.phones(s,i)}
          ${m?r`<span class="phone">${h("agents","small")}<bdi class="cut">${m}</bdi></span>`:p}
          ${e?r`<span class="account cut" style="--hue:${st(s.id)}"><bdi>${s.title}</bdi></span>`:p}
        </span>
      </div>
      <span class="time">${j(C(i))}<small data-state=${i.state}><span class="dot"></span>${nt(this.hass,i.state)}</small></span>
      <div class="buttons">
        ${u.map(q=>this.button(a,s,q,l))}
        ${g.length?r`<button class="round bare" title=${this.word("more")} aria-label="${this.word("more")}: ${l}" aria-expanded=${this.opened===a&&!this.form}
              @click=${()=>this.toggle(a,"")}>${h("more")}</button>`:p}
      </div>
      ${this.opened===a?this.details(a,s,g,[...u,...g],l):p}
    </li>`}phones(t,e){let s=U(e).filter(a=>e.direction!=="internal"||a.extension!==e.from.number);if(!s.length)return r`<span class="phone cut">${z(e.direction==="outgoing"?e.from:e.to,"")}</span>`;let i=3;return r`${s.slice(0,i).map(a=>r`<span class="phone" data-state=${a.state}>${s.length>1?r`<span class="dot"></span>`:p}<bdi class="cut">${t.extensions[a.extension]?.name||a.extension}</bdi></span>`)}${s.length>i?r`<span>+${s.length-i}</span>`:p}`}button(t,e,s,i){let a=this.word(s.word),d=s.action==="transfer",n=s.word==="hang_up"?"soft":"";return r`<button class="round ${s.tone?"labelled":""} ${s.tone??""} ${n}" title=${a} aria-label="${a}: ${i}" ?disabled=${this.busy.has(t)}
      aria-expanded=${d?this.opened===t&&this.form==="transfer":p}
      @click=${()=>d?this.toggle(t,"transfer"):this.command(t,e,s)}>${h(s.icon)}<span class="text sr">${a}</span></button>`}details(t,e,s,i,a){let d=n=>i.find(l=>l.action===n);if(this.form==="transfer"){let n=d("transfer");if(!n)return r``;let l=u=>{let g=u.target.closest(".more").querySelector("pbx-finder");g.value.trim()&&this.command(t,e,n,{number:g.value.trim()})};return r`<div class="more">
        <pbx-finder .hass=${this.hass} account=${e.id} label=${this.word("transfer_to")} @pbx-enter=${l}></pbx-finder>
        <button class="wide go" @click=${l}>${h("transfer","flip")}${this.word("transfer")}</button>
      </div>`}if(this.form==="send_dtmf"){let n=d("send_dtmf");return n?r`<div class="more" role="group" aria-label=${this.word("keypad")}>
        <div class="keys">${mt.map(l=>r`<button @click=${()=>this.press(e,n,l)}>${l}</button>`)}</div>
        <output class="number" dir="ltr">${this.sent}</output>
      </div>`:r``}return r`<div class="more">
      ${s.map(n=>r`<button class="wide" aria-label="${this.word(n.word)}: ${a}" ?disabled=${this.busy.has(t)}
        @click=${()=>n.action==="send_dtmf"?this.toggle(t,"send_dtmf"):this.command(t,e,n)}>${h(n.icon)}${this.word(n.word)}</button>`)}
    </div>`}toggle(t,e){let s=this.opened===t&&this.form===e;this.opened=s?"":t,this.form=s?"":e,this.sent="",this.requestUpdate(),!s&&e==="transfer"&&this.updateComplete.then(()=>this.renderRoot.querySelector("pbx-finder")?.focus())}async command(t,e,s,i={}){this.busy.has(t)||(this.busy.add(t),this.requestUpdate(),await O(this,e,s,i)&&(this.opened=this.form=""),this.busy.delete(t),this.requestUpdate())}async press(t,e,s){await O(this,t,e,{digits:s})&&(this.sent+=s),this.requestUpdate()}};var ht=300,gt=12,W=class extends S{constructor(){super();this.text="";this.contacts=[];this.open=!1;this.active=-1;this.asked=0;this.timer=0;this.key=t=>{let e=this.open?this.choices:[];if(t.key==="ArrowDown"||t.key==="ArrowUp"){t.preventDefault();let s=this.choices.length,i=t.key==="ArrowDown"?1:-1;this.active=s?(this.active+i+s)%s:-1,this.show(!0)}else if(t.key==="Enter"){t.preventDefault();let s=e[this.active];s?this.pick(s):this.text.trim()&&this.dispatchEvent(new CustomEvent("pbx-enter"))}else t.key==="Escape"&&e.length&&(t.stopPropagation(),this.show(!1))};this.label=this.account="",new v(this,["accounts"])}static{this.styles=[w,x`
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
    `]}static{this.properties={label:{type:String},account:{type:String},value:{attribute:!1,noAccessor:!0}}}get value(){return this.text}set value(t){this.typed(t,!1)}focus(){this.renderRoot.querySelector("input")?.focus()}get accounts(){return f.accounts.filter(t=>!this.account||t.id===this.account)}get choices(){if(!this.text.trim())return[];let t=f.accounts.length>1,e=[];for(let s of this.accounts)for(let i of Object.values(s.extensions)){if(e.length>=8)break;i.trunk||!V(this.text,i.name??"",i.number)||e.push({name:i.name??"",number:i.number,where:t?s.title:"",state:i.state,phone:!0})}return[...e,...this.contacts].slice(0,gt)}render(){let t=this.open?this.choices:[];return r`<div class="field">
        <input role="combobox" inputmode="tel" autocomplete="off" spellcheck="false" enterkeyhint="go" aria-autocomplete="list" aria-label=${this.label}
          placeholder=${this.label} aria-expanded=${t.length>0} aria-controls="choices"
          aria-activedescendant=${this.active>=0&&t[this.active]?`choice-${this.active}`:p} .value=${this.text}
          @input=${e=>this.typed(e.target.value)} @keydown=${this.key} @focus=${()=>this.show(!0)}
          @blur=${()=>this.show(!1)} />
        ${this.text?r`<button class="erase" tabindex="-1" aria-label=${this.word("clear")} @click=${()=>this.typed(this.text.slice(0,-1))}>${h("backspace","flip")}</button>`:p}
      </div>
      <ul id="choices" role="listbox" aria-label=${this.word("contacts")} ?hidden=${!t.length}>
        ${t.map((e,s)=>this.choice(e,s))}
      </ul>`}choice(t,e){return r`<li id="choice-${e}" role="option" aria-selected=${e===this.active} @mousedown=${s=>s.preventDefault()}
      @click=${()=>this.pick(t)}>
      ${E(t.name,t.number,t.state,t.phone?"idle":"phone")}
      <span><span class="cut">${t.name?r`<bdi>${t.name}</bdi>`:y(t.number)}</span>
        <small class="cut">${t.name?y(t.number):p}${t.where?r` · <bdi>${t.where}</bdi>`:p}</small></span>
    </li>`}show(t){this.open=t,this.requestUpdate()}typed(t,e=!0){this.text=t,this.active=-1,this.open=e,this.contacts=this.contacts.filter(s=>V(t,s.name,s.number)),this.requestUpdate(),clearTimeout(this.timer),e&&t.trim().length>=2&&(this.timer=window.setTimeout(()=>{this.search(t.trim())},ht)),this.dispatchEvent(new CustomEvent("pbx-typed",{detail:t}))}press(t){this.typed(this.text+t)}async search(t){let e=++this.asked;try{let s=this.account||void 0,i=await this.hass.callWS({type:"pbx/search",text:t,...s&&{account:s}});if(e!==this.asked)return;let a=new Map(f.accounts.map(d=>[d.id,d.title]));this.contacts=i.contacts.map(d=>({name:d.name,number:d.number,where:d.company&&d.company!==d.name?d.company:a.size>1&&a.get(d.account??"")||"",phone:!1}))}catch{this.contacts=[]}this.requestUpdate()}pick(t){this.typed(t.number,!1),this.dispatchEvent(new CustomEvent("pbx-picked",{detail:t})),this.focus()}};function $(c,o,t){return class extends HTMLElement{setConfig(e){this.config=e,this.card?.setConfig(e)}set hass(e){this.current=e,this.card&&(this.card.hass=e)}getCardSize(){return 6}getGridOptions(){return t}connectedCallback(){this.style.display="block",this.style.height="100%",this.card||this.fill()}async fill(){let e=await o();customElements.get(c)||customElements.define(c,e),!this.card&&(this.card=document.createElement(c),this.card.setConfig(this.config??{}),this.current&&(this.card.hass=this.current),this.append(this.card))}}}var ft=[523.25,659.25],B=class{constructor(){this.timer=0}ring(o){o!==!!this.timer&&(clearInterval(this.timer),this.timer=0,o&&(this.context??=new AudioContext,this.context.resume().catch(()=>{}),this.once(),this.timer=window.setInterval(()=>this.once(),3e3)))}once(){let o=this.context;if(o.state==="running")for(let t=0;t<8;t++){let e=o.currentTime+t*.12,s=new OscillatorNode(o,{type:"sine",frequency:ft[t%2]}),i=new GainNode(o,{gain:0});i.gain.setValueAtTime(0,e),i.gain.linearRampToValueAtTime(.15,e+.02),i.gain.linearRampToValueAtTime(0,e+.11),s.connect(i).connect(o.destination),s.start(e),s.stop(e+.12)}}};var G=2,I=class extends S{constructor(){super();this.dismissed=new Set;this.silenced=new Set;this.ringer=new B;this.busy="";new v(this,["calls","accounts","me"])}static{this.styles=[w,x`
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
    `]}get ringing(){let{popup:t}=this.myChoice;if(t!=="mine"&&t!=="all")return[];let e=this.mine;return f.accounts.flatMap(s=>Object.values(s.calls).filter(i=>i.state!=="ringing"||i.direction==="outgoing"||this.dismissed.has(i.id)?!1:t==="all"||et(e,s,i)?.state==="ringing").map(i=>({account:s,call:i})))}render(){let t=this.ringing;return r`<dialog tabindex="-1" aria-label=${this.word("incoming_call")} @cancel=${e=>this.cancel(e,t)}>
      <div class="stack" popover="manual" role="region" dir=${document.documentElement.dir||document.dir||"ltr"} aria-label=${this.word("incoming_call")}>
        ${L(t.slice(0,G),({call:e})=>e.id,e=>this.one(e))}
        ${t.length>G?r`<article class="rest">+${t.length-G}</article>`:p}
      </div>
    </dialog>`}one({account:t,call:e}){let s=this.word("hidden_number"),i=H(e),a=_(i,s),{first:d}=D(t,e,this.mine),n=U(e).map(m=>t.extensions[m.extension]?.name||m.extension),l=e.queue?t.queues[e.queue]?.name??e.queue:"",u=m=>m.tone==="stop"?0:1,g=!this.myChoice.sound||this.silenced.has(e.id);return r`<article data-call=${e.id}>
      ${E(i.name??"",i.number??s,"ringing",i.hidden?"away":"phone")}
      <span class="text">
        <span class="sr" role="alert">${this.word("incoming_call")}: ${a}</span>
        <span class="name cut" aria-hidden="true">${z(i,s)}</span>
        <span class="sub cut">${i.name&&i.number?r`${y(i.number)} · `:p}${j(C(e))}</span>
        <span class="sub cut">${h("arrow","arrow inline")}<bdi>${[...n,l].filter(Boolean).join(", ")||_(e.to,"")}</bdi>${f.accounts.length>1?r` · <bdi>${t.title}</bdi>`:p}</span>
      </span>
      <span class="side">
        ${g?p:r`<button class="round bare" title=${this.word("silence")} aria-label=${this.word("silence")} @click=${()=>this.silence(e)}>${h("silence")}</button>`}
        <button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${a}" @click=${()=>this.dismiss(e)}>${h("close")}</button>
      </span>
      ${d.length?r`<span class="buttons">${[...d].sort((m,q)=>u(m)-u(q)).map(m=>r`<button class="wide ${m.tone??""}" aria-label="${this.word(m.word)}: ${a}"
        ?disabled=${this.busy===e.id} @click=${()=>this.command(t,e,m)}>${h(m.icon)}${this.word(m.word)}</button>`)}</span>`:p}
      ${this.problem?r`<div class="problem">${this.notice(this.problem,"cancelled")}</div>`:p}
    </article>`}async command(t,e,s){this.busy=e.id,this.requestUpdate(),await O(this,t,s),this.busy="",this.requestUpdate()}dismiss(t){this.dismissed.add(t.id),this.requestUpdate()}silence(t){this.silenced.add(t.id),this.requestUpdate()}forget(){let t=new Set(f.accounts.flatMap(e=>Object.keys(e.calls)));for(let e of[this.dismissed,this.silenced])for(let s of e)t.has(s)||e.delete(s)}cancel(t,e){t.preventDefault();for(let{call:s}of e)this.dismiss(s)}updated(t){super.updated(t);let e=this.ringing,s=this.renderRoot.querySelector("dialog"),i=this.renderRoot.querySelector(".stack"),a=i.matches(":popover-open");this.ringer.ring(this.myChoice.sound&&e.some(({call:d})=>!this.silenced.has(d.id))),e.length?a||(rt(document)&&s.showModal(),i.showPopover()):(a&&i.hidePopover(),s.open&&s.close(),this.problem="",this.forget())}};function rt(c){if(c.querySelector("dialog:modal"))return!0;for(let o of c.querySelectorAll("*"))if(o.shadowRoot&&rt(o.shadowRoot))return!0;return!1}function ct(){if(document.querySelector("pbx-call-popup"))return;let c=document.createElement("pbx-call-popup");document.body.append(c);let o=document.querySelector("home-assistant");o?.provideHass?.(c);let t=()=>{o?.hass?c.hass=o.hass:setTimeout(t,100)};t()}var N=class extends S{static{this.styles=[w,x`
      .line { display: flex; flex-wrap: wrap; justify-content: center; gap: 8px; }
      .one { display: inline-flex; gap: 8px; align-items: center; height: 36px; padding: 0 14px 0 10px; border-radius: 18px; box-sizing: border-box; font-size: 14px; background: var(--card-background-color, #fff); border: 1px solid var(--pbx-line); }
      .one b { font-weight: 600; font-variant-numeric: tabular-nums; } .one .icon { width: 20px; height: 20px; }
      .ringing .icon { color: var(--pbx-ringing); } .talking .icon { color: var(--pbx-talking); } .waiting .icon { color: var(--pbx-on_hold); } .missed .icon { color: var(--pbx-missed); }
      .none { color: var(--secondary-text-color); }
    `]}constructor(){super(),new v(this,["calls","accounts"])}setConfig(){}render(){if(!f.ready||!f.accounts.length)return r``;let o=f.accounts.flatMap(n=>Object.values(n.calls)),t=n=>o.filter(l=>l.state===n).length,e=t("talking")+t("on_hold"),s=o.filter(tt).length,i=f.accounts.reduce((n,l)=>n+l.missed,0),a=(n,l,u,g)=>g?r`<span class="one ${n}">${h(l)}<b>${g}</b><span>${u}</span></span>`:p,d=n=>this.hass?.localize(`component.pbx.entity.sensor.call_state.state.${n}`)||n;return r`<div class="line" role="status">
      ${a("ringing","ringing",d("ringing"),t("ringing"))}
      ${a("talking","talking",d("talking"),e)}
      ${a("waiting","clock",this.word("waiting"),s)}
      ${a("missed","missed",this.word("missed"),i)}
      ${o.length||i?p:r`<span class="one none">${h("idle")}${this.word("all_is_quiet")}</span>`}
    </div>`}};function bt(c,o){let t=new Map;for(let e of Object.values(c.entities)){if(e.platform!=="pbx"||!e.device_id)continue;let s=c.devices[e.device_id];for(let i of s?.config_entries??[]){if(o?.length&&!o.includes(i))continue;let a=t.get(i)??{id:i,title:"",keys:new Set};e.translation_key&&a.keys.add(e.translation_key),e.translation_key==="active_calls"&&(a.title=s?.name_by_user??s?.name??i),t.set(i,a)}}return[...t.values()].sort((e,s)=>e.title.localeCompare(s.title))}var F=class extends HTMLElement{static async generate(o,t){it(t);let e=await t.loadBackendTranslation("common","pbx").catch(()=>{}),s=typeof e=="function"?{...t,localize:e}:t,a=bt(t,o.accounts).some(b=>b.keys.has("agent_status")||b.keys.has("waiting_callers")),d=o.accounts?.length===1?{account:o.accounts[0]}:{},n=o.columns??3,l={grid_options:{columns:"full"}},u=(b,A={})=>({type:`custom:pbx-${b}-card`,...d,...A}),g=(b,A={})=>({type:"grid",cards:b,...A}),m=(b,A,pt,ut={})=>({title:P(s,b),path:b,icon:A,type:"sections",max_columns:n,sections:pt,...ut}),q=Math.max(1,n-1),Z={calls:m("calls","mdi:phone-in-talk",[g([u("calls",l),u("list",{short:!0,...l})],{column_span:q}),g([u("dial"),...a?[u("queues",{agents:!1})]:[]])],{badges:[{type:"custom:pbx-status-badge"}]}),phones:m("phones","mdi:deskphone",[g([u("phones",l)],{column_span:n})]),queues:a?m("queues","mdi:account-multiple",[g([u("queues",l)],{column_span:n})]):void 0,history:m("history","mdi:history",[g([u("list",l)],{column_span:n})]),contacts:m("contacts","mdi:contacts",[g([u("contacts",l)],{column_span:n})])},dt=o.views?.length?o.views:Object.keys(Z);return{title:P(s,"phones"),views:dt.map(b=>Z[b]).filter(Boolean)}}static getCreateSuggestions(){return{title:"Phones",icon:"mdi:phone",url_path:"pbx-phones"}}};var M={name:"account",selector:{config_entry:{integration:"pbx"}}},k={name:"title",selector:{text:{}}},X=c=>({name:c,selector:{boolean:{}}}),Q=(c,o,t,e)=>({name:c,selector:{number:{min:o,max:t,mode:"box",...e&&{unit_of_measurement:e}}}}),R={columns:12,min_columns:6,rows:"auto"},lt=[{tag:"pbx-calls-card",element:J,name:"live_calls",entity:"active_calls",form:[k,M]},{tag:"pbx-dial-card",name:"dial_pad",entity:"",element:$("pbx-dial-pad",async()=>(await import("./dial-card-JYFZNM2C.js")).DialCard,R),form:[k,M,X("keys")]},{tag:"pbx-phones-card",name:"phones",entity:"active_calls",element:$("pbx-phones",async()=>(await import("./phones-card-45BYYUSE.js")).PhonesCard,R),form:[k,M,{name:"group",selector:{select:{mode:"dropdown",options:["account","area","none"]}}}]},{tag:"pbx-phone-card",name:"one_phone",entity:"call_state",element:$("pbx-phone",async()=>(await import("./phone-card-XAALDY7J.js")).PhoneCard,{...R,columns:6}),form:[k,{name:"device",selector:{device:{integration:"pbx"}}}]},{tag:"pbx-queues-card",name:"queues",entity:"waiting_callers",element:$("pbx-queues-board",async()=>(await import("./queues-card-CNSABBYF.js")).QueuesCard,R),form:[k,M,Q("wait",5,3600,"s"),Q("service_level",0,100,"%"),X("agents")]},{tag:"pbx-list-card",name:"history",entity:"last_call",element:$("pbx-list",async()=>(await import("./list-card-KQQCNCEB.js")).ListCard,R),form:[k,M,Q("limit",1,100),X("short")]},{tag:"pbx-contacts-card",name:"contacts",entity:"",element:$("pbx-contacts",async()=>(await import("./contacts-card-GKILXKBO.js")).ContactsCard,R),form:[k]}];function T(c,o){customElements.get(c)||customElements.define(c,o)}function xt(c,o,t){let e=o.entities[t];if(!c.entity||e?.platform!=="pbx"||e.translation_key!==c.entity)return null;let s=c.tag==="pbx-phone-card"&&e.device_id?{device:e.device_id}:{};return{config:{type:`custom:${c.tag}`,...s}}}window.customCards??=[];for(let c of lt){Object.assign(c.element,{getStubConfig:()=>({type:`custom:${c.tag}`}),getConfigForm:()=>({schema:c.form})});let o=`PBX: ${P(void 0,c.name)}`;window.customCards.push({type:c.tag,name:o,description:o,preview:!0,getEntitySuggestion:(t,e)=>xt(c,t,e)})}window.customBadges??=[];window.customBadges.push({type:"pbx-status-badge",name:"PBX: Status",description:"How many calls ring, talk and wait",preview:!1});window.customStrategies??=[];window.customStrategies.push({type:"pbx",strategyType:"dashboard",name:"Phones",description:"Calls, phones, queues and history of all phone systems"});await customElements.whenDefined("home-assistant");for(let[c,o]of at)T(c,o);T("pbx-finder",W);for(let c of lt)T(c.tag,c.element);T("pbx-status-badge",N);T("pbx-call-popup",I);T("ll-strategy-dashboard-pbx",F);ct();
