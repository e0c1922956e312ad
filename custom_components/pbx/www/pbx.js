// sources sha256:45d60c4c11d8a8b053da947d58deade5b6c59580062c8dd6627ecbc517c5430f
import{a as ut}from"./chunk-W3KSKVPM.js";import{a as J,b as L}from"./chunk-K4PRRLFH.js";import{e as W}from"./chunk-OWLLOE2S.js";import{A as at,D as Z,E as g,F as rt,G as x,H as ct,I as C,J as lt,R as w,S as y,T as S,U as $,V as N,W as q,X as dt,Y as pt,a as v,b as r,d as p,q as h,r as Q,s as O,t as T,u as A,v as B,w as ot,y as j}from"./chunk-XA6E6LH5.js";var tt=1e3,$t=new Set(["transfer","send_dtmf"]),kt=["1","2","3","4","5","6","7","8","9","*","0","#"],F=class extends dt{constructor(){super();this.opened="";this.form="";this.sent="";this.busy=new Set;this.rows=[];this.touched=0;this.timer=0;this.announced="";new x(this,["calls","accounts","me"]),this.addEventListener("pointerdown",()=>this.touched=Date.now())}static{this.styles=[w,v`
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
    `]}arrange(t){let e=Date.now(),s=new Map;for(let n of t)for(let d of Object.values(n.calls))s.set(`${n.id}/${d.id}`,{account:n,call:d});let i=[];for(let n of this.rows){let d=`${n.account.id}/${n.call.id}`,m=s.get(d);m?i.push(m):e-(n.over??e)<tt&&g.known.accounts.has(n.account.id)&&i.push({...n,over:n.over??e}),s.delete(d)}let c=[...i,...s.values()],l=e-this.touched<tt||c.some(n=>n.over);return(c.some(n=>n.over)||l)&&(clearTimeout(this.timer),this.timer=window.setTimeout(()=>this.requestUpdate(),tt)),l||c.sort((n,d)=>Q(n.call)-Q(d.call)||T(n.call)-T(d.call)),c}render(){let t=this.shown;this.rows=this.arrange(t);let e=this.rows.filter(i=>!i.over).length,s=this.obstacle(t);return r`<ha-card>
      <div class="header">
        ${h("talking")}
        <h2>${this.config.title??this.word("live_calls")}</h2>
        ${e?r`<span class="chip count">${e}</span>`:p}
      </div>
      ${this.notices(t)}
      <span class="sr" role="status">${this.announcement()}</span>
      ${s??(this.rows.length?r`<ul>${W(this.rows,i=>`${i.account.id}/${i.call.id}`,i=>this.row(i,t.length>1))}</ul>`:r`<div class="empty">${h("idle")}<span>${this.word("all_is_quiet")}</span></div>`)}
    </ha-card>`}announcement(){let t=this.rows.filter(e=>!e.over&&e.call.state==="ringing").map(e=>A(O(e.call),this.word("hidden_number")));return t.length?this.announced=`${this.word("incoming_call")}: ${t.join(", ")}`:this.announced="",this.announced}row(t,e){let{account:s,call:i}=t,c=`${s.id}/${i.id}`,l=this.word("hidden_number"),n=i.direction==="internal"?i.from:O(i),d=A(n,l),{first:m,rest:f}=t.over?{first:[],rest:[]}:J(s,i,this.mine),b=j(s,i);return r`<li class=${t.over?"over":""} data-call=${i.id} data-state=${i.state}>
      ${$(n.name??"",n.number??l,t.over?void 0:i.state,n.hidden?"away":"phone")}
      <div class="who">
        <span class="name cut">${S(n,l)}</span>
        <span class="line">${n.name&&n.number?r`${y(n.number)}`:p}</span>
        <span class="line">
          <span role="img" aria-label=${i.direction==="outgoing"?"\u2190":"\u2192"}>${h(i.direction==="outgoing"?"dialing":"arrow","arrow small")}</span>
          ${this.phones(s,i)}
          ${b?r`<span class="phone">${h("agents","small")}<bdi class="cut">${b}</bdi></span>`:p}
          ${e?r`<span class="account cut" style="--hue:${rt(s.id)}"><bdi>${s.title}</bdi></span>`:p}
        </span>
      </div>
      <span class="time">${N(T(i))}<small data-state=${i.state}><span class="dot"></span>${lt(this.hass,i.state)}</small></span>
      <div class="buttons">
        ${m.map(U=>this.button(c,s,U,d))}
        ${f.length?r`<button class="round bare" title=${this.word("more")} aria-label="${this.word("more")}: ${d}" aria-expanded=${this.opened===c&&!this.form}
              @click=${()=>this.toggle(c,"")}>${h("more")}</button>`:p}
      </div>
      ${this.opened===c?this.details(c,s,f,[...m,...f],d):p}
    </li>`}phones(t,e){let s=B(e).filter(c=>e.direction!=="internal"||c.extension!==e.from.number);if(!s.length)return r`<span class="phone cut">${S(e.direction==="outgoing"?e.from:e.to,"")}</span>`;let i=3;return r`${s.slice(0,i).map(c=>r`<span class="phone" data-state=${c.state}>${s.length>1?r`<span class="dot"></span>`:p}<bdi class="cut">${t.extensions[c.extension]?.name||c.extension}</bdi></span>`)}${s.length>i?r`<span>+${s.length-i}</span>`:p}`}button(t,e,s,i){let c=this.word(s.word),l=s.action==="transfer",n=s.word==="hang_up"?"soft":"";return r`<button class="round ${s.tone?"labelled":""} ${s.tone??""} ${n}" title=${c} aria-label="${c}: ${i}" ?disabled=${this.busy.has(t)}
      aria-expanded=${l?this.opened===t&&this.form==="transfer":p}
      @click=${()=>l?this.toggle(t,"transfer"):this.command(t,e,s)}>${h(s.icon)}<span class="text sr">${c}</span></button>`}details(t,e,s,i,c){let l=n=>i.find(d=>d.action===n);if(this.form==="transfer"){let n=l("transfer");if(!n)return r``;let d=m=>{let f=m.target.closest(".more").querySelector("pbx-finder");f.value.trim()&&this.command(t,e,n,{number:f.value.trim()})};return r`<div class="more">
        <pbx-finder .hass=${this.hass} account=${e.id} label=${this.word("transfer_to")} @pbx-enter=${d}></pbx-finder>
        <button class="wide go" @click=${d}>${h("transfer","flip")}${this.word("transfer")}</button>
      </div>`}if(this.form==="send_dtmf"){let n=l("send_dtmf");return n?r`<div class="more" role="group" aria-label=${this.word("keypad")}>
        <div class="keys">${kt.map(d=>r`<button @click=${()=>this.press(e,n,d)}>${d}</button>`)}</div>
        <output class="number" dir="ltr">${this.sent}</output>
      </div>`:r``}return r`<div class="more">
      ${s.map(n=>r`<button class="wide" aria-label="${this.word(n.word)}: ${c}" ?disabled=${this.busy.has(t)}
        @click=${()=>$t.has(n.action)?this.toggle(t,n.action):this.command(t,e,n)}>${h(n.icon)}${this.word(n.word)}</button>`)}
    </div>`}toggle(t,e){let s=this.opened===t&&this.form===e;this.opened=s?"":t,this.form=s?"":e,this.sent="",this.requestUpdate(),!s&&e==="transfer"&&this.updateComplete.then(()=>this.renderRoot.querySelector("pbx-finder")?.focus())}async command(t,e,s,i={}){this.busy.has(t)||(this.busy.add(t),this.requestUpdate(),await L(this,e,s,i)&&(this.opened=this.form=""),this.busy.delete(t),this.requestUpdate())}async press(t,e,s){await L(this,t,e,{digits:s})&&(this.sent+=s),this.requestUpdate()}};var _t=300,Ct=12,I=class extends q{constructor(){super();this.text="";this.contacts=[];this.open=!1;this.active=-1;this.asked=0;this.timer=0;this.key=t=>{let e=this.open?this.choices:[];if(t.key==="ArrowDown"||t.key==="ArrowUp"){t.preventDefault();let s=this.choices.length,i=t.key==="ArrowDown"?1:-1;this.active=s?(this.active+i+s)%s:-1,this.show(!0)}else if(t.key==="Enter"){t.preventDefault();let s=e[this.active];s?this.pick(s):this.text.trim()&&this.dispatchEvent(new CustomEvent("pbx-enter"))}else t.key==="Escape"&&e.length&&(t.stopPropagation(),this.show(!1))};this.label=this.account="",new x(this,["accounts"])}static{this.styles=[w,v`
      :host { position: relative; }
      .field { position: relative; }
      input { padding-inline-end: 44px; }
      :host([large]) input { height: 56px; font-size: 20px; letter-spacing: 0.01em; }
      .erase { position: absolute; inset-inline-end: 0; top: 0; height: 100%; width: 44px; display: grid; place-items: center; color: var(--secondary-text-color); }
      ul { position: absolute; inset-inline: 0; top: calc(100% + 4px); padding: 4px; z-index: 4; max-height: 328px; overflow: auto; background: var(--card-background-color, #fff);
        border: 1px solid var(--pbx-line); border-radius: 16px; box-shadow: 0 8px 24px rgb(0 0 0 / 0.25); }
      :host([above]) ul { top: auto; bottom: calc(100% + 4px); }
      li { display: flex; gap: 12px; align-items: center; padding: 6px 8px; min-height: 44px; box-sizing: border-box; border-radius: 12px; cursor: pointer; }
      li[aria-selected="true"], li:hover { background: var(--pbx-soft); }
      li .avatar { width: 32px; height: 32px; font-size: 13px; } li .avatar .icon { width: 18px; height: 18px; }
      li > span:nth-child(2) { display: grid; flex: 1; min-width: 0; line-height: 20px; }
      small { font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
    `]}static{this.properties={label:{type:String},account:{type:String},value:{attribute:!1,noAccessor:!0}}}get value(){return this.text}set value(t){this.typed(t,!1)}focus(){this.renderRoot.querySelector("input")?.focus()}get accounts(){return g.accounts.filter(t=>!this.account||t.id===this.account)}get choices(){if(!this.text.trim())return[];let t=g.accounts.length>1,e=[];for(let s of this.accounts)for(let i of Object.values(s.extensions)){if(e.length>=8)break;i.trunk||!Z(this.text,i.name??"",i.number)||e.push({name:i.name??"",number:i.number,where:t?s.title:"",state:i.state,phone:!0})}return[...e,...this.contacts].slice(0,Ct)}render(){let t=this.open?this.choices:[];return r`<div class="field">
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
      ${$(t.name,t.number,t.state,t.phone?"idle":"phone")}
      <span><span class="cut">${t.name?r`<bdi>${t.name}</bdi>`:y(t.number)}</span>
        <small class="cut">${t.name?y(t.number):p}${t.where?r` · <bdi>${t.where}</bdi>`:p}</small></span>
    </li>`}show(t){this.open=t,this.requestUpdate()}typed(t,e=!0){this.text=t,this.active=-1,this.open=e,this.contacts=this.contacts.filter(s=>Z(t,s.name,s.number)),this.requestUpdate(),clearTimeout(this.timer),e&&t.trim().length>=2&&(this.timer=window.setTimeout(()=>{this.search(t.trim())},_t)),this.dispatchEvent(new CustomEvent("pbx-typed",{detail:t}))}press(t){this.typed(this.text+t)}async search(t){let e=++this.asked;try{let s=this.account||void 0,i=await this.hass.callWS({type:"pbx/search",text:t,...s&&{account:s}});if(e!==this.asked)return;let c=new Map(g.accounts.map(l=>[l.id,l.title]));this.contacts=i.contacts.map(l=>({name:l.name,number:l.number,where:l.company&&l.company!==l.name?l.company:c.size>1&&c.get(l.account??"")||"",phone:!1}))}catch{this.contacts=[]}this.requestUpdate()}pick(t){this.typed(t.number,!1),this.dispatchEvent(new CustomEvent("pbx-picked",{detail:t})),this.focus()}};function E(a,o,t){return class extends HTMLElement{setConfig(e){this.config=e,this.card?.setConfig(e)}set hass(e){this.current=e,this.card&&(this.card.hass=e)}getCardSize(){return 6}getGridOptions(){return t}connectedCallback(){this.style.display="block",this.style.height="100%",this.card||this.fill()}async fill(){let e;try{e=await o()}catch{this.tellOutdated();return}customElements.get(a)||customElements.define(a,e),!this.card&&(this.card=document.createElement(a),this.card.setConfig(this.config??{}),this.current&&(this.card.hass=this.current),this.append(this.card))}tellOutdated(){let e=document.createElement("ha-card");e.setAttribute("role","alert"),e.style.padding="16px",e.textContent=C(this.current,"reload_page"),this.replaceChildren(e)}}}var k={contacts:async()=>(await import("./contacts-card-O7POPLEQ.js")).ContactsCard,dial:async()=>(await import("./dial-card-RGZNHMOJ.js")).DialCard,list:async()=>(await import("./list-card-R2RSYSDR.js")).ListCard,phone:async()=>(await import("./phone-card-LSYKDKOM.js")).PhoneCard,phones:async()=>(await import("./phones-card-RNGLVCP5.js")).PhonesCard,queues:async()=>(await import("./queues-card-SJKYKRHL.js")).QueuesCard},St={calls:["dial","list","queues"],phones:["phones"],queues:["queues"],history:["list"],contacts:["contacts"]};function ht(a){let o=a.split("/")[2]||"calls";for(let t of St[o]??[])k[t]().catch(()=>{})}var Et=[523.25,659.25],K=class{constructor(){this.timer=0}ring(o){o!==!!this.timer&&(clearInterval(this.timer),this.timer=0,o&&(this.context??=new AudioContext,this.context.resume().catch(()=>{}),this.once(),this.timer=window.setInterval(()=>this.once(),3e3)))}once(){let o=this.context;if(o.state==="running")for(let t=0;t<8;t++){let e=o.currentTime+t*.12,s=new OscillatorNode(o,{type:"sine",frequency:Et[t%2]}),i=new GainNode(o,{gain:0});i.gain.setValueAtTime(0,e),i.gain.linearRampToValueAtTime(.15,e+.02),i.gain.linearRampToValueAtTime(0,e+.11),s.connect(i).connect(o.destination),s.start(e),s.stop(e+.12)}}};var Rt=/^[+\d][\d\s()/.*#-]{1,39}$/,mt=["location-changed","popstate"],et=2,Tt=20,V=class extends q{constructor(){super();this.dismissed=new Set;this.silenced=new Set;this.ringer=new K;this.busy="";this.missed=[];this.asked="";this.sending="";this.saving=!1;this.named="";this.caller="";this.about=new Map;this.readAddress=()=>{let t=(new URLSearchParams(location.search.replaceAll("+","%2B")).get("caller")??"").trim();t!==this.named&&(this.named=t,Rt.test(t)&&(this.caller=t,this.saving=!1,this.requestUpdate()))};this.openSaver=async()=>{await ut(),this.saving=!this.saving,this.requestUpdate()};this.see=async()=>{this.missed=[],this.requestUpdate(),await this.hass?.callWS({type:"pbx/seen"}).catch(()=>{})};new x(this,["calls","accounts","me"])}static{this.styles=[w,v`
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
      .problem, .goal, pbx-saver { grid-column: 1 / -1; } .goal { display: flex; gap: 8px; } .goal pbx-finder { flex: 1; }
      @media (max-width: 600px) {
        .stack { inset-block-end: calc(8px + env(safe-area-inset-bottom)); inset-inline: 8px; width: auto; }
      }
      @media (prefers-reduced-motion: no-preference) { .stack:popover-open { animation: enter 0.2s ease-out; } @keyframes enter { from { opacity: 0; transform: translateY(8px); } } }
    `]}connectedCallback(){super.connectedCallback();for(let t of mt)window.addEventListener(t,this.readAddress);this.readAddress()}disconnectedCallback(){super.disconnectedCallback();for(let t of mt)window.removeEventListener(t,this.readAddress)}ask(t,e){let s=this.about.get(t);return s||!this.hass?s??{}:(this.about.set(t,{}),this.hass.callWS({type:"pbx/about",...e}).then(i=>{this.about.set(t,i),this.requestUpdate()},()=>{}),{})}home({place:t,country:e}){if(t||!e)return t??"";try{return new Intl.DisplayNames(this.hass?.locale.language,{type:"region"}).of(e)??""}catch{return""}}lastTalk({last:t}){let e=t?.name||t?.extension;return!e||!t?.at?p:r`<span class="sub cut last">${this.word("last_talked",{name:e,day:this.times.dayWord(new Date(t.at))})}</span>`}async askMissed(){let{popup:t,seen:e,extension:s}=this.myChoice,c=`${g.accounts.map(l=>`${l.id}:${l.missed}`).join()} ${t} ${e} ${s}`;if(!(c===this.asked||!this.hass||!g.ready)){if(this.asked=c,!e||t!=="mine"&&t!=="all"||!g.accounts.length){this.missed=[];return}try{let l=await this.hass.callWS({type:"pbx/recent",missed:!0,limit:Tt});if(c!==this.asked)return;let n=this.mine;this.missed=l.calls.filter(d=>(d.ended_at??"")>e&&(t==="all"||d.account===n?.account.id&&d.extensions?.includes(n.extension.number)))}catch{this.missed=[]}this.requestUpdate()}}get ringing(){let{popup:t}=this.myChoice;if(t!=="mine"&&t!=="all")return[];let e=this.mine;return g.accounts.flatMap(s=>Object.values(s.calls).filter(i=>i.state!=="ringing"||i.direction==="outgoing"||this.dismissed.has(i.id)?!1:t==="all"||at(e,s,i)?.state==="ringing").map(i=>({account:s,call:i})))}render(){let t=this.ringing;return r`<dialog tabindex="-1" aria-label=${this.word("incoming_call")} @cancel=${e=>this.cancel(e,t)}>
      <div class="stack" popover="manual" role="region" dir=${document.documentElement.dir||document.dir||"ltr"} aria-label=${this.word("incoming_call")}>
        ${W(t.slice(0,et),({call:e})=>e.id,e=>this.one(e))}
        ${t.length>et?r`<article class="rest">+${t.length-et}</article>`:p}
        ${this.missed.length?this.missedCalls():p}
        ${this.caller&&g.accounts.length?this.callerPanel():p}
      </div>
    </dialog>`}one({account:t,call:e}){let s=this.word("hidden_number"),i=O(e),c=A(i,s),{first:l,rest:n}=J(t,e,this.mine),d=n.find(u=>u.word==="send_to"),m=i.number?this.ask(e.id,{account:t.id,call_id:e.id}):{},f=m.company&&m.company!==c?m.company:this.home(m),b=B(e).map(u=>t.extensions[u.extension]?.name||u.extension),U=j(t,e),H=u=>u.tone==="stop"?0:1,X=!this.myChoice.sound||this.silenced.has(e.id);return r`<article data-call=${e.id}>
      ${$(i.name??"",i.number??s,"ringing",i.hidden?"away":"phone")}
      <span class="text">
        <span class="sr" role="alert">${this.word("incoming_call")}: ${c}</span>
        <span class="name cut" aria-hidden="true">${S(i,s)}</span>
        <span class="sub cut">${i.name&&i.number?r`${y(i.number)} · `:p}${f?r`<bdi>${f}</bdi> · `:p}${N(T(e))}</span>
        ${this.lastTalk(m)}
        <span class="sub cut">${h("arrow","arrow inline")}<bdi>${[...b,U].filter(Boolean).join(", ")||A(e.to,"")}</bdi>${g.accounts.length>1?r` · <bdi>${t.title}</bdi>`:p}</span>
      </span>
      <span class="side">
        ${d?r`<button class="round bare" title=${this.word("send_to")} aria-label="${this.word("send_to")}: ${c}" aria-expanded=${this.sending===e.id} @click=${()=>this.openSending(e)}>${h("transfer","flip")}</button>`:p}
        ${X?p:r`<button class="round bare" title=${this.word("silence")} aria-label=${this.word("silence")} @click=${()=>this.silence(e)}>${h("silence")}</button>`}
        <button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${c}" @click=${()=>this.dismiss(e)}>${h("close")}</button>
      </span>
      ${l.length?r`<span class="buttons">${[...l].sort((u,_)=>H(u)-H(_)).map(u=>r`<button class="wide ${u.tone??""}" aria-label="${this.word(u.word)}: ${c}"
        ?disabled=${this.busy===e.id} @click=${()=>this.command(t,e,u)}>${h(u.icon)}${this.word(u.word)}</button>`)}</span>`:p}
      ${d&&this.sending===e.id?this.goal(t,e,d):p}
      ${this.problem?r`<div class="problem">${this.notice(this.problem,"cancelled")}</div>`:p}
    </article>`}goal(t,e,s){let i=c=>{let l=c.target.closest(".goal").querySelector("pbx-finder").value.trim();l&&this.command(t,e,s,{number:l})};return r`<div class="goal"><pbx-finder above .hass=${this.hass} account=${t.id} label=${this.word("send_to")} @pbx-enter=${i}></pbx-finder>
      <button class="round go" title=${this.word("send_to")} aria-label=${this.word("send_to")} @click=${i}>${h("transfer","flip")}</button></div>`}openSending(t){this.sending=this.sending===t.id?"":t.id,this.requestUpdate(),this.updateComplete.then(()=>this.renderRoot.querySelector(".goal pbx-finder")?.focus())}callerPanel(){let t=this.ask(`caller ${this.caller}`,{number:this.caller}),e=this.mine,s=e?.account.can.includes("click_to_call")?"click_to_call":e?.account.can.includes("originate")?"originate":"",i=[t.company!==t.name?t.company:"",this.home(t)].filter(Boolean).join(" \xB7 ");return r`<article class="caller" data-caller=${this.caller}>
      ${$(t.name??"",this.caller)}
      <span class="text" role="status">
        <span class="sub">${this.word("caller")}</span>
        <span class="name cut">${S({name:t.name,number:this.caller},"")}</span>
        <span class="sub cut">${t.name?y(this.caller):p}${t.name&&i?" \xB7 ":p}<bdi>${i}</bdi></span>
        ${this.lastTalk(t)}
      </span>
      <span class="side"><button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${t.name??this.caller}" @click=${()=>{this.caller="",this.requestUpdate()}}>${h("close")}</button></span>
      <span class="buttons">
        ${s?r`<button class="wide go" ?disabled=${this.busy===this.caller} @click=${()=>this.callCaller(s)}>${h("phone")}${this.word("call")}</button>`:p}
        ${t.name?p:r`<button class="wide" aria-expanded=${this.saving} @click=${this.openSaver}>${h("add")}${this.word("add_contact")}</button>`}
      </span>
      ${this.saving?r`<pbx-saver .hass=${this.hass} .number=${this.caller} @pbx-saved=${()=>{this.saving=!1,this.about.delete(`caller ${this.caller}`),this.requestUpdate()}}></pbx-saver>`:p}
      ${this.problem?r`<div class="problem">${this.notice(this.problem,"cancelled")}</div>`:p}
    </article>`}async callCaller(t){let e=this.mine;this.busy=this.caller,this.requestUpdate(),await this.act(e.account,t,{extension:e.extension.number,number:this.caller}),this.busy="",this.requestUpdate()}missedCalls(){let[t]=this.missed,e=t,s=this.word("hidden_number"),i=e.from_name||e.from_number||s,c=this.missed.length-1,l=this.mine,n=l?.account.can.includes("click_to_call")?"click_to_call":l?.account.can.includes("originate")?"originate":"",d=e.from_number&&!e.from_number.includes("\u2022")&&n;return r`<article class="missed" data-missed=${e.call_id}>
      ${$(e.from_name??"",e.from_number??s,void 0,"missed")}
      <span class="text" role="status">
        <span class="sub">${this.word("missed_call")}${c?r` · +${c}`:p}</span>
        <span class="name cut">${S({name:e.from_name,number:e.from_number},s)}</span>
        <span class="sub cut">${e.ended_at?this.times.time(new Date(e.ended_at)):""}${e.extension_name?r` · <bdi>${e.extension_name}</bdi>`:p}</span>
      </span>
      <span class="side"><button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${i}" @click=${this.see}>${h("close")}</button></span>
      ${d?r`<span class="buttons"><button class="wide" ?disabled=${this.busy===e.call_id} @click=${()=>this.callBack(e,n)}>${h("phone")}${this.word("call_back")}</button></span>`:p}
    </article>`}async callBack(t,e){let s=this.mine;this.busy=t.call_id,this.requestUpdate(),await this.act(s.account,e,{extension:s.extension.number,number:t.from_number})&&await this.see(),this.busy="",this.requestUpdate()}async command(t,e,s,i={}){this.busy=e.id,this.requestUpdate(),await L(this,t,s,i)&&(this.sending=""),this.busy="",this.requestUpdate()}dismiss(t){this.dismissed.add(t.id),this.requestUpdate()}silence(t){this.silenced.add(t.id),this.requestUpdate()}forget(){let t=new Set(g.accounts.flatMap(e=>Object.keys(e.calls)));for(let e of[this.dismissed,this.silenced])for(let s of e)t.has(s)||e.delete(s);for(let e of this.about.keys())!t.has(e)&&!e.startsWith("caller ")&&this.about.delete(e)}cancel(t,e){t.preventDefault();for(let{call:s}of e)this.dismiss(s)}updated(t){super.updated(t);let e=this.ringing,s=this.renderRoot.querySelector("dialog"),i=this.renderRoot.querySelector(".stack"),c=i.matches(":popover-open");if(this.ringer.ring(this.myChoice.sound&&e.some(({call:l})=>!this.silenced.has(l.id))),this.askMissed(),e.length||(s.open&&s.close(),this.forget()),!e.length&&!this.missed.length&&!(this.caller&&g.accounts.length)){c&&i.hidePopover(),this.problem="";return}e.length&&!s.open&&gt(document)&&(c&&i.hidePopover(),s.showModal()),i.matches(":popover-open")||i.showPopover()}};function gt(a){if(a.querySelector("dialog:modal"))return!0;for(let o of a.querySelectorAll("*"))if(o.shadowRoot&&gt(o.shadowRoot))return!0;return!1}function ft(){if(document.querySelector("pbx-call-popup"))return;let a=document.createElement("pbx-call-popup");document.body.append(a);let o=document.querySelector("home-assistant");o?.provideHass?.(a);let t=()=>{o?.hass?a.hass=o.hass:setTimeout(t,100)};t()}var G=class extends q{static{this.styles=[w,v`
      .line { display: flex; flex-wrap: wrap; justify-content: center; gap: 8px; }
      .one { display: inline-flex; gap: 8px; align-items: center; height: 36px; padding: 0 14px 0 10px; border-radius: 18px; box-sizing: border-box; font-size: 14px; background: var(--card-background-color, #fff); border: 1px solid var(--pbx-line); }
      .one b { font-weight: 600; font-variant-numeric: tabular-nums; } .one .icon { width: 20px; height: 20px; }
      .ringing .icon { color: var(--pbx-ringing); } .talking .icon { color: var(--pbx-talking); } .waiting .icon { color: var(--pbx-on_hold); } .missed .icon { color: var(--pbx-missed); }
      .none { color: var(--secondary-text-color); }
    `]}constructor(){super(),new x(this,["calls","accounts"])}setConfig(){}render(){if(!g.ready||!g.accounts.length)return r``;let o=g.accounts.flatMap(n=>Object.values(n.calls)),t=n=>o.filter(d=>d.state===n).length,e=t("talking")+t("on_hold"),s=o.filter(ot).length,i=g.accounts.reduce((n,d)=>n+d.missed,0),c=(n,d,m,f)=>f?r`<span class="one ${n}">${h(d)}<span>${m}</span><b>${f}</b></span>`:p,l=n=>this.hass?.localize(`component.pbx.entity.sensor.call_state.state.${n}`)||n;return r`<div class="line" role="status">
      ${c("ringing","ringing",l("ringing"),t("ringing"))}
      ${c("talking","talking",l("talking"),e)}
      ${c("waiting","clock",this.word("waiting"),s)}
      ${c("missed","missed",this.word("missed"),i)}
      ${o.length||i?p:r`<span class="one none">${h("idle")}${this.word("all_is_quiet")}</span>`}
    </div>`}};function bt(a){for(let o of a.querySelectorAll("*")){if(o.localName==="hui-root")return o;let t=o.shadowRoot&&bt(o.shadowRoot);if(t)return t}}function vt(){let a=bt(document),o=a?.lovelace?.rawConfig?.strategy?.type,[t]=a?.lovelace?.config?.views??[];o==="custom:pbx"&&t?.cards&&!t.path&&a.dispatchEvent(new CustomEvent("config-refresh"))}function At(a,o){let t=new Map;for(let e of Object.values(a.entities)){if(e.platform!=="pbx"||!e.device_id)continue;let s=a.devices[e.device_id];for(let i of s?.config_entries??[]){if(o?.length&&!o.includes(i))continue;let c=t.get(i)??{id:i,title:"",keys:new Set};e.translation_key&&c.keys.add(e.translation_key),e.translation_key==="active_calls"&&(c.title=s?.name_by_user??s?.name??i),t.set(i,c)}}return[...t.values()].sort((e,s)=>e.title.localeCompare(s.title))}var Y=class extends HTMLElement{static async generate(o,t){ct(t),ht(location.pathname);let e=await t.loadBackendTranslation("common","pbx").catch(()=>{}),s=typeof e=="function"?{...t,localize:e}:t,c=At(t,o.accounts).some(u=>u.keys.has("agent_status")||u.keys.has("waiting_callers")),l=o.accounts?.length===1?{account:o.accounts[0]}:{},n=o.columns??3,d={grid_options:{columns:"full"}},m=(u,_={})=>({type:`custom:pbx-${u}-card`,...l,..._}),f=(u,_={})=>({type:"grid",cards:u,..._}),b=(u,_,wt,yt={})=>({title:C(s,u),path:u,icon:_,type:"sections",max_columns:n,sections:wt,...yt}),U=Math.max(1,n-1),H={calls:b("calls","mdi:phone-in-talk",[f([m("calls",d),m("list",{short:!0,...d})],{column_span:U}),f([m("dial"),...c?[m("queues",{agents:!1})]:[]])],{badges:[{type:"custom:pbx-status-badge"}]}),phones:b("phones","mdi:deskphone",[f([m("phones",d)],{column_span:n})]),queues:c?b("queues","mdi:account-multiple",[f([m("queues",d)],{column_span:n})]):void 0,history:b("history","mdi:history",[f([m("list",d)],{column_span:n})]),contacts:b("contacts","mdi:contacts",[f([m("contacts",d)],{column_span:n})])},X=o.views?.length?o.views:Object.keys(H);return{title:C(s,"phones"),views:X.map(u=>H[u]).filter(Boolean)}}static getCreateSuggestions(){return{title:"Phones",icon:"mdi:phone",url_path:"pbx-phones"}}};var z={name:"account",selector:{config_entry:{integration:"pbx"}}},R={name:"title",selector:{text:{}}},st=a=>({name:a,selector:{boolean:{}}}),it=(a,o,t,e)=>({name:a,selector:{number:{min:o,max:t,mode:"box",...e&&{unit_of_measurement:e}}}}),P={columns:12,min_columns:6,rows:"auto"},D=a=>C(document.querySelector("home-assistant")?.hass,a),nt=(a,o)=>({value:a,get label(){return D(o)}}),qt=[nt("account","group_account"),nt("area","group_area"),nt("none","group_none")],Pt={account:"form_account",agents:"form_agents",device:"form_device",group:"form_group",keys:"form_keys",limit:"form_limit",service_level:"form_service_level",short:"form_short",title:"form_title",wait:"form_wait"},xt=[{tag:"pbx-calls-card",element:F,name:"live_calls",entity:"active_calls",form:[R,z]},{tag:"pbx-dial-card",name:"dial_pad",entity:"",element:E("pbx-dial-pad",k.dial,P),form:[R,z,st("keys")]},{tag:"pbx-phones-card",name:"phones",entity:"active_calls",element:E("pbx-phones",k.phones,P),form:[R,z,{name:"group",selector:{select:{mode:"dropdown",options:qt}}}]},{tag:"pbx-phone-card",name:"one_phone",entity:"call_state",element:E("pbx-phone",k.phone,{...P,columns:6}),form:[R,{name:"device",selector:{device:{integration:"pbx"}}}]},{tag:"pbx-queues-card",name:"queues",entity:"waiting_callers",element:E("pbx-queues-board",k.queues,P),form:[R,z,it("wait",5,3600,"s"),it("service_level",0,100,"%"),st("agents")]},{tag:"pbx-list-card",name:"history",entity:"last_call",element:E("pbx-list",k.list,P),form:[R,z,it("limit",1,100),st("short")]},{tag:"pbx-contacts-card",name:"contacts",entity:"",element:E("pbx-contacts",k.contacts,P),form:[R]}];function M(a,o){customElements.get(a)||customElements.define(a,o)}function Mt(a,o,t){let e=o.entities[t];if(!a.entity||e?.platform!=="pbx"||e.translation_key!==a.entity)return null;let s=a.tag==="pbx-phone-card"&&e.device_id?{device:e.device_id}:{};return{config:{type:`custom:${a.tag}`,...s}}}window.customCards??=[];for(let a of xt)Object.assign(a.element,{getStubConfig:()=>({type:`custom:${a.tag}`}),getConfigForm:()=>({schema:a.form,computeLabel:({name:o})=>D(Pt[o]??o)})}),window.customCards.push({type:a.tag,preview:!0,get name(){return`PBX: ${D(a.name)}`},get description(){return this.name},getEntitySuggestion:(o,t)=>Mt(a,o,t)});window.customBadges??=[];window.customBadges.push({type:"pbx-status-badge",name:"PBX: Status",description:"How many calls ring, talk and wait",preview:!1});window.customStrategies??=[];window.customStrategies.push({type:"pbx",strategyType:"dashboard",get name(){return D("phones")},get description(){return D("dashboard_description")}});await customElements.whenDefined("home-assistant");for(let[a,o]of pt)M(a,o);M("pbx-finder",I);for(let a of xt)M(a.tag,a.element);M("pbx-status-badge",G);M("pbx-call-popup",V);M("ll-strategy-dashboard-pbx",Y);ft();for(let a of[0,1e3])setTimeout(vt,a);
