// sources sha256:2aac678e9700972efb9bc531440c730f647372d564ce6046e7f0343d324edbdb
import{a as mt}from"./chunk-PSFLTQD4.js";import{a as F,b as z}from"./chunk-UXPKZ3GF.js";import{e as J}from"./chunk-UWBNJ3OA.js";import{A as ct,B as tt,E as et,F as f,G as C,H as lt,I as x,J as dt,K as S,L as pt,S as w,T as y,U as E,V as $,W,X as P,Y as ut,Z as ht,a as v,b as o,d as p,q as h,r as Z,s as L,t as A,u as q,v as N,w as rt,y as j}from"./chunk-JKIX4X62.js";var st=1e3,_t=new Set(["transfer","send_dtmf"]),Ct=["1","2","3","4","5","6","7","8","9","*","0","#"],I=class extends ut{constructor(){super();this.opened="";this.form="";this.sent="";this.busy=new Set;this.rows=[];this.touched=0;this.timer=0;this.announced="";new x(this,["calls","accounts","me"]),this.addEventListener("pointerdown",()=>this.touched=Date.now())}static{this.styles=[w,v`
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
    `]}arrange(t){let e=Date.now(),s=new Map;for(let i of t)for(let d of Object.values(i.calls))s.set(`${i.id}/${d.id}`,{account:i,call:d});let n=[];for(let i of this.rows){let d=`${i.account.id}/${i.call.id}`,m=s.get(d);m?n.push(m):e-(i.over??e)<st&&f.known.accounts.has(i.account.id)&&n.push({...i,over:i.over??e}),s.delete(d)}let c=[...n,...s.values()],l=e-this.touched<st||c.some(i=>i.over);return(c.some(i=>i.over)||l)&&(clearTimeout(this.timer),this.timer=window.setTimeout(()=>this.requestUpdate(),st)),l||c.sort((i,d)=>Z(i.call)-Z(d.call)||A(i.call)-A(d.call)),c}render(){let t=this.shown;this.rows=this.arrange(t);let e=this.rows.filter(n=>!n.over).length,s=this.obstacle(t);return o`<ha-card>
      <div class="header">
        ${h("talking")}
        <h2>${this.config.title??this.word("live_calls")}</h2>
        ${e?o`<span class="chip count">${e}</span>`:p}
      </div>
      ${this.notices(t)}
      <span class="sr" role="status">${this.announcement()}</span>
      ${s??(this.rows.length?o`<ul>${J(this.rows,n=>`${n.account.id}/${n.call.id}`,n=>this.row(n,t.length>1))}</ul>`:o`<div class="empty">${h("idle")}<span>${this.word("all_is_quiet")}</span></div>`)}
    </ha-card>`}announcement(){let t=this.rows.filter(e=>!e.over&&e.call.state==="ringing").map(e=>q(L(e.call),this.word("hidden_number")));return t.length?this.announced=`${this.word("incoming_call")}: ${t.join(", ")}`:this.announced="",this.announced}row(t,e){let{account:s,call:n}=t,c=`${s.id}/${n.id}`,l=this.word("hidden_number"),i=n.direction==="internal"?n.from:L(n),d=q(i,l),{first:m,rest:g}=t.over?{first:[],rest:[]}:F(s,n,this.mine),b=j(s,n);return o`<li class=${t.over?"over":""} data-call=${n.id} data-state=${n.state}>
      ${$(i.name??"",i.number??l,t.over?void 0:n.state,i.hidden?"away":"phone")}
      <div class="who">
        <span class="name cut">${E(i,l)}</span>
        <span class="line">${i.name&&i.number?o`${y(i.number)}`:p}</span>
        <span class="line">
          <span role="img" aria-label=${n.direction==="outgoing"?"\u2190":"\u2192"}>${h(n.direction==="outgoing"?"dialing":"arrow","arrow small")}</span>
          ${this.phones(s,n)}
          ${b?o`<span class="phone">${h("agents","small")}<bdi class="cut">${b}</bdi></span>`:p}
          ${e?o`<span class="account" style="--hue:${lt(s.id)}"><bdi class="cut">${C(s)}</bdi></span>`:p}
        </span>
      </div>
      <span class="time">${W(A(n))}<small data-state=${n.state}><span class="dot"></span>${pt(this.hass,n.state)}</small></span>
      <div class="buttons">
        ${m.map(H=>this.button(c,s,H,d))}
        ${g.length?o`<button class="round bare" title=${this.word("more")} aria-label="${this.word("more")}: ${d}" aria-expanded=${this.opened===c&&!this.form}
              @click=${()=>this.toggle(c,"")}>${h("more")}</button>`:p}
      </div>
      ${this.opened===c?this.details(c,s,g,[...m,...g],d):p}
    </li>`}phones(t,e){let s=N(e).filter(c=>e.direction!=="internal"||c.extension!==e.from.number);if(!s.length)return o`<span class="phone cut">${E(e.direction==="outgoing"?e.from:e.to,"")}</span>`;let n=3;return o`${s.slice(0,n).map(c=>o`<span class="phone" data-state=${c.state}>${s.length>1?o`<span class="dot"></span>`:p}<bdi class="cut">${t.extensions[c.extension]?.name||c.extension}</bdi></span>`)}${s.length>n?o`<span>+${s.length-n}</span>`:p}`}button(t,e,s,n){let c=this.word(s.word),l=s.action==="transfer",i=s.word==="hang_up"?"soft":"";return o`<button class="round ${s.tone?"labelled":""} ${s.tone??""} ${i}" title=${c} aria-label="${c}: ${n}" ?disabled=${this.busy.has(t)}
      aria-expanded=${l?this.opened===t&&this.form==="transfer":p}
      @click=${()=>l?this.toggle(t,"transfer"):this.command(t,e,s)}>${h(s.icon)}<span class="text sr">${c}</span></button>`}details(t,e,s,n,c){let l=i=>n.find(d=>d.action===i);if(this.form==="transfer"){let i=l("transfer");if(!i)return o``;let d=m=>{let g=m.target.closest(".more").querySelector("pbx-finder");g.value.trim()&&this.command(t,e,i,{number:g.value.trim()})};return o`<div class="more">
        <pbx-finder .hass=${this.hass} account=${e.id} label=${this.word("transfer_to")} @pbx-enter=${d}></pbx-finder>
        <button class="wide go" @click=${d}>${h("transfer","flip")}${this.word("transfer")}</button>
      </div>`}if(this.form==="send_dtmf"){let i=l("send_dtmf");return i?o`<div class="more" role="group" aria-label=${this.word("keypad")}>
        <div class="keys">${Ct.map(d=>o`<button @click=${()=>this.press(e,i,d)}>${d}</button>`)}</div>
        <output class="number" dir="ltr">${this.sent}</output>
      </div>`:o``}return o`<div class="more">
      ${s.map(i=>o`<button class="wide" aria-label="${this.word(i.word)}: ${c}" ?disabled=${this.busy.has(t)}
        @click=${()=>_t.has(i.action)?this.toggle(t,i.action):this.command(t,e,i)}>${h(i.icon)}${this.word(i.word)}</button>`)}
    </div>`}toggle(t,e){let s=this.opened===t&&this.form===e;this.opened=s?"":t,this.form=s?"":e,this.sent="",this.requestUpdate(),!s&&e==="transfer"&&this.updateComplete.then(()=>this.renderRoot.querySelector("pbx-finder")?.focus())}async command(t,e,s,n={}){this.busy.has(t)||(this.busy.add(t),this.requestUpdate(),await z(this,e,s,n)&&(this.opened=this.form=""),this.busy.delete(t),this.requestUpdate())}async press(t,e,s){await z(this,t,e,{digits:s})&&(this.sent+=s),this.requestUpdate()}};var St=300,Et=12,K=class extends P{constructor(){super();this.text="";this.contacts=[];this.open=!1;this.active=-1;this.asked=0;this.timer=0;this.key=t=>{let e=this.open?this.choices:[];if(t.key==="ArrowDown"||t.key==="ArrowUp"){t.preventDefault();let s=this.choices.length,n=t.key==="ArrowDown"?1:-1;this.active=s?(this.active+n+s)%s:-1,this.show(!0)}else if(t.key==="Enter"){t.preventDefault();let s=e[this.active];s?this.pick(s):this.text.trim()&&this.dispatchEvent(new CustomEvent("pbx-enter"))}else t.key==="Escape"&&e.length&&(t.stopPropagation(),this.show(!1))};this.label=this.account="",new x(this,["accounts"])}static{this.styles=[w,v`
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
    `]}static{this.properties={label:{type:String},account:{type:String},value:{attribute:!1,noAccessor:!0}}}get value(){return this.text}set value(t){this.typed(t,!1)}focus(){this.renderRoot.querySelector("input")?.focus()}get accounts(){return f.accounts.filter(t=>!this.account||t.id===this.account)}get choices(){if(!this.text.trim())return[];let t=f.accounts.length>1,e=[];for(let s of this.accounts)for(let n of Object.values(s.extensions)){if(e.length>=8)break;n.trunk||!et(this.text,n.name??"",n.number)||e.push({name:n.name??"",number:n.number,where:t?C(s):"",state:n.state,phone:!0})}return[...e,...this.contacts].slice(0,Et)}render(){let t=this.open?this.choices:[];return o`<div class="field">
        <input role="combobox" inputmode="tel" autocomplete="off" spellcheck="false" enterkeyhint="go" aria-autocomplete="list" aria-label=${this.label}
          placeholder=${this.label} aria-expanded=${t.length>0} aria-controls="choices"
          aria-activedescendant=${this.active>=0&&t[this.active]?`choice-${this.active}`:p} .value=${this.text}
          @input=${e=>this.typed(e.target.value)} @keydown=${this.key} @focus=${()=>this.show(!0)}
          @blur=${()=>this.show(!1)} />
        ${this.text?o`<button class="erase" tabindex="-1" aria-label=${this.word("clear")} @click=${()=>this.typed(this.text.slice(0,-1))}>${h("backspace","flip")}</button>`:p}
      </div>
      <ul id="choices" role="listbox" aria-label=${this.word("contacts")} ?hidden=${!t.length}>
        ${t.map((e,s)=>this.choice(e,s))}
      </ul>`}choice(t,e){return o`<li id="choice-${e}" role="option" aria-selected=${e===this.active} @mousedown=${s=>s.preventDefault()}
      @click=${()=>this.pick(t)}>
      ${$(t.name,t.number,t.state,t.phone?"idle":"phone")}
      <span><span class="cut">${t.name?o`<bdi>${t.name}</bdi>`:y(t.number)}</span>
        <small class="cut">${t.name?y(t.number):p}${t.where?o` · <bdi>${t.where}</bdi>`:p}</small></span>
    </li>`}show(t){this.open=t,this.requestUpdate()}typed(t,e=!0){this.text=t,this.active=-1,this.open=e,this.contacts=this.contacts.filter(s=>et(t,s.name,s.number)),this.requestUpdate(),clearTimeout(this.timer),e&&t.trim().length>=2&&(this.timer=window.setTimeout(()=>{this.search(t.trim())},St)),this.dispatchEvent(new CustomEvent("pbx-typed",{detail:t}))}press(t){this.typed(this.text+t)}async search(t){let e=++this.asked;try{let s=this.account||void 0,n=await this.hass.callWS({type:"pbx/search",text:t,...s&&{account:s}});if(e!==this.asked)return;let c=new Map(f.accounts.map(l=>[l.id,C(l)]));this.contacts=n.contacts.map(l=>({name:l.name,number:l.number,where:l.company&&l.company!==l.name?l.company:c.size>1&&c.get(l.account??"")||"",phone:!1}))}catch{this.contacts=[]}this.requestUpdate()}pick(t){this.typed(t.number,!1),this.dispatchEvent(new CustomEvent("pbx-picked",{detail:t})),this.focus()}};function R(r,a,t){return class extends HTMLElement{setConfig(e){this.config=e,this.card?.setConfig(e)}set hass(e){this.current=e,this.card&&(this.card.hass=e)}getCardSize(){return 6}getGridOptions(){return t}connectedCallback(){this.style.display="block",this.style.height="100%",this.card||this.fill()}async fill(){let e;try{e=await a()}catch{this.tellOutdated();return}customElements.get(r)||customElements.define(r,e),!this.card&&(this.card=document.createElement(r),this.card.setConfig(this.config??{}),this.current&&(this.card.hass=this.current),this.append(this.card))}tellOutdated(){let e=document.createElement("ha-card");e.setAttribute("role","alert"),e.style.padding="16px",e.textContent=S(this.current,"reload_page"),this.replaceChildren(e)}}}var k={contacts:async()=>(await import("./contacts-card-CTYXJ3PU.js")).ContactsCard,dial:async()=>(await import("./dial-card-S4SAQKE2.js")).DialCard,list:async()=>(await import("./list-card-M4M3D5IJ.js")).ListCard,phone:async()=>(await import("./phone-card-FPWMYWUJ.js")).PhoneCard,phones:async()=>(await import("./phones-card-KX52NNBP.js")).PhonesCard,queues:async()=>(await import("./queues-card-F2JAH6YN.js")).QueuesCard},Rt={calls:["dial","list","queues"],phones:["phones"],queues:["queues"],history:["list"],contacts:["contacts"]};function gt(r){let a=r.split("/")[2]||"calls";for(let t of Rt[a]??[])k[t]().catch(()=>{})}var Tt=[523.25,659.25],V=class{constructor(){this.timer=0}ring(a){a!==!!this.timer&&(clearInterval(this.timer),this.timer=0,a&&(this.context??=new AudioContext,this.context.resume().catch(()=>{}),this.once(),this.timer=window.setInterval(()=>this.once(),3e3)))}once(){let a=this.context;if(a.state==="running")for(let t=0;t<8;t++){let e=a.currentTime+t*.12,s=new OscillatorNode(a,{type:"sine",frequency:Tt[t%2]}),n=new GainNode(a,{gain:0});n.gain.setValueAtTime(0,e),n.gain.linearRampToValueAtTime(.15,e+.02),n.gain.linearRampToValueAtTime(0,e+.11),s.connect(n).connect(a.destination),s.start(e),s.stop(e+.12)}}};var At=/^[+\d][\d\s()/.*#-]{1,39}$/,ft=["location-changed","popstate"],nt=2,qt=20,G=class extends P{constructor(){super();this.dismissed=new Set;this.silenced=new Set;this.ringer=new V;this.busy="";this.missed=[];this.asked="";this.sending="";this.saving=!1;this.named="";this.caller="";this.about=new Map;this.readAddress=()=>{let t=(new URLSearchParams(location.search.replaceAll("+","%2B")).get("caller")??"").trim();t!==this.named&&(this.named=t,At.test(t)&&(this.caller=t,this.saving=!1,this.requestUpdate()))};this.openSaver=async()=>{await mt(),this.saving=!this.saving,this.requestUpdate()};this.see=async()=>{this.missed=[],this.requestUpdate(),await this.hass?.callWS({type:"pbx/seen"}).catch(()=>{})};new x(this,["calls","accounts","me"])}static{this.styles=[w,v`
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
      .round.send { width: 48px; height: 48px; } .known { grid-column: 2 / -1; display: grid; grid-template-columns: minmax(0, 1fr); }
      .rest { display: block; padding: 8px 16px; text-align: center; }
      .problem, .goal, pbx-saver { grid-column: 1 / -1; } .goal { display: flex; gap: 8px; } .goal pbx-finder { flex: 1; }
      @media (max-width: 600px) {
        .stack { inset-block-end: calc(8px + env(safe-area-inset-bottom)); inset-inline: 8px; width: auto; }
      }
      @media (prefers-reduced-motion: no-preference) { .stack:popover-open { animation: enter 0.2s ease-out; } @keyframes enter { from { opacity: 0; transform: translateY(8px); } } }
    `]}connectedCallback(){super.connectedCallback();for(let t of ft)window.addEventListener(t,this.readAddress);this.readAddress()}disconnectedCallback(){super.disconnectedCallback();for(let t of ft)window.removeEventListener(t,this.readAddress)}ask(t,e){let s=this.about.get(t);return s||!this.hass?s??{}:(this.about.set(t,{}),this.hass.callWS({type:"pbx/about",...e}).then(n=>{this.about.set(t,n),this.requestUpdate()},()=>{}),{})}home({place:t,country:e}){if(t||!e)return t??"";try{return new Intl.DisplayNames(this.hass?.locale.language,{type:"region"}).of(e)??""}catch{return""}}lastTalk({last:t}){let e=t?.name||t?.extension;return!e||!t?.at?p:o`<span class="sub last">${this.word("last_talked",{name:e,day:this.times.dayWord(new Date(t.at))})}</span>`}async askMissed(){let{popup:t,seen:e,extension:s}=this.myChoice,c=`${f.accounts.map(l=>`${l.id}:${l.missed}`).join()} ${t} ${e} ${s}`;if(!(c===this.asked||!this.hass||!f.ready)){if(this.asked=c,!e||t!=="mine"&&t!=="all"||!f.accounts.length){this.missed=[];return}try{let l=await this.hass.callWS({type:"pbx/recent",missed:!0,limit:qt});if(c!==this.asked)return;let i=this.mine;this.missed=l.calls.filter(d=>(d.ended_at??"")>e&&(t==="all"||d.account===i?.account.id&&d.extensions?.includes(i.extension.number)))}catch{this.missed=[]}this.requestUpdate()}}get ringing(){let{popup:t}=this.myChoice;if(t!=="mine"&&t!=="all")return[];let e=this.mine;return f.accounts.flatMap(s=>Object.values(s.calls).filter(n=>n.state!=="ringing"||n.direction==="outgoing"||this.dismissed.has(n.id)?!1:t==="all"||ct(e,s,n)?.state==="ringing").map(n=>({account:s,call:n})))}render(){let t=this.ringing;return o`<dialog tabindex="-1" aria-label=${this.word("incoming_call")} @cancel=${e=>this.cancel(e,t)}>
      <div class="stack" popover="manual" role="region" dir=${document.documentElement.dir||document.dir||"ltr"} aria-label=${this.word("incoming_call")}>
        ${J(t.slice(0,nt),({call:e})=>e.id,e=>this.one(e))}
        ${t.length>nt?o`<article class="rest">+${t.length-nt}</article>`:p}
        ${this.missed.length?this.missedCalls():p}
        ${this.caller&&f.accounts.length?this.callerPanel():p}
      </div>
    </dialog>`}one({account:t,call:e}){let s=this.word("hidden_number"),n=L(e),c=q(n,s),{first:l,rest:i}=F(t,e,this.mine),d=i.find(u=>u.word==="send_to"),m=n.number?this.ask(e.id,{account:t.id,call_id:e.id}):{},g=m.company&&m.company!==c?m.company:this.home(m),b=N(e).map(u=>t.extensions[u.extension]?.name||u.extension),H=j(t,e),O=u=>u.tone==="stop"?0:1,Q=!this.myChoice.sound||this.silenced.has(e.id);return o`<article data-call=${e.id}>
      ${$(n.name??"",n.number??s,"ringing",n.hidden?"away":"phone")}
      <span class="text">
        <span class="sr" role="alert">${this.word("incoming_call")}: ${c}</span>
        <span class="name cut" aria-hidden="true">${E(n,s)}</span>
        <span class="sub cut">${n.name&&n.number?o`${y(n.number)} · `:p}${W(A(e))}</span>
        <span class="sub cut">${h("arrow","arrow inline")}<bdi>${[...b,H].filter(Boolean).join(", ")||q(e.to,"")}</bdi>${f.accounts.length>1?o` · <bdi>${C(t)}</bdi>`:p}</span>
      </span>
      <span class="side">
        ${Q?p:o`<button class="round bare" title=${this.word("silence")} aria-label=${this.word("silence")} @click=${()=>this.silence(e)}>${h("silence")}</button>`}
        <button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${c}" @click=${()=>this.dismiss(e)}>${h("close")}</button>
      </span>
      ${g||m.last?o`<span class="known">${g?o`<span class="sub cut"><bdi>${g}</bdi></span>`:p}${this.lastTalk(m)}</span>`:p}
      ${l.length||d?o`<span class="buttons">${[...l].sort((u,_)=>O(u)-O(_)).map(u=>o`<button class="wide ${u.tone??""}" aria-label="${this.word(u.word)}: ${c}"
        ?disabled=${this.busy===e.id} @click=${()=>this.command(t,e,u)}>${h(u.icon)}${this.word(u.word)}</button>`)}${d?o`<button class="round send" title=${this.word("send_to")} aria-label="${this.word("send_to")}: ${c}" aria-expanded=${this.sending===e.id}
        @click=${()=>this.openSending(e)}>${h("transfer","flip")}</button>`:p}</span>`:p}
      ${d&&this.sending===e.id?this.goal(t,e,d):p}
      ${this.problem?o`<div class="problem">${this.notice(this.problem,"cancelled")}</div>`:p}
    </article>`}goal(t,e,s){let n=c=>{let l=c.target.closest(".goal").querySelector("pbx-finder").value.trim();l&&this.command(t,e,s,{number:l})};return o`<div class="goal"><pbx-finder above .hass=${this.hass} account=${t.id} label=${this.word("send_to")} @pbx-enter=${n}></pbx-finder>
      <button class="round go" title=${this.word("send_to")} aria-label=${this.word("send_to")} @click=${n}>${h("transfer","flip")}</button></div>`}openSending(t){this.sending=this.sending===t.id?"":t.id,this.requestUpdate(),this.updateComplete.then(()=>this.renderRoot.querySelector(".goal pbx-finder")?.focus())}callerPanel(){let t=this.ask(`caller ${this.caller}`,{number:this.caller}),e=this.mine,s=e?.account.can.includes("click_to_call")?"click_to_call":e?.account.can.includes("originate")?"originate":"",n=[t.company!==t.name?t.company:"",this.home(t)].filter(Boolean).join(" \xB7 ");return o`<article class="caller" data-caller=${this.caller}>
      ${$(t.name??"",this.caller)}
      <span class="text" role="status">
        <span class="sub">${this.word("caller")}</span>
        <span class="name cut">${E({name:t.name,number:this.caller},"")}</span>
        ${t.name?o`<span class="sub cut">${y(this.caller)}</span>`:p}
      </span>
      <span class="side"><button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${t.name??this.caller}" @click=${()=>{this.caller="",this.requestUpdate()}}>${h("close")}</button></span>
      ${n||t.last?o`<span class="known">${n?o`<span class="sub cut"><bdi>${n}</bdi></span>`:p}${this.lastTalk(t)}</span>`:p}
      <span class="buttons">
        ${s?o`<button class="wide go" ?disabled=${this.busy===this.caller} @click=${()=>this.callCaller(s)}>${h("phone")}${this.word("call")}</button>`:p}
        ${t.name?p:o`<button class="wide" aria-expanded=${this.saving} @click=${this.openSaver}>${h("add")}${this.word("add_contact")}</button>`}
      </span>
      ${this.saving?o`<pbx-saver .hass=${this.hass} .number=${this.caller} @pbx-saved=${()=>{this.saving=!1,this.about.delete(`caller ${this.caller}`),this.requestUpdate()}}></pbx-saver>`:p}
      ${this.problem?o`<div class="problem">${this.notice(this.problem,"cancelled")}</div>`:p}
    </article>`}async callCaller(t){let e=this.mine;this.busy=this.caller,this.requestUpdate(),await this.act(e.account,t,{extension:e.extension.number,number:tt(this.caller)}),this.busy="",this.requestUpdate()}missedCalls(){let[t]=this.missed,e=t,s=this.word("hidden_number"),n=e.from_name||e.from_number||s,c=this.missed.length-1,l=this.mine,i=l?.account.can.includes("click_to_call")?"click_to_call":l?.account.can.includes("originate")?"originate":"",d=e.from_number&&!e.from_number.includes("\u2022")&&i;return o`<article class="missed" data-missed=${e.call_id}>
      ${$(e.from_name??"",e.from_number??s,void 0,"missed")}
      <span class="text" role="status">
        <span class="sub">${this.word("missed_call")}${c?o` · +${c}`:p}</span>
        <span class="name cut">${E({name:e.from_name,number:e.from_number},s)}</span>
        <span class="sub cut">${e.ended_at?this.times.time(new Date(e.ended_at)):""}${e.extension_name?o` · <bdi>${e.extension_name}</bdi>`:p}</span>
      </span>
      <span class="side"><button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${n}" @click=${this.see}>${h("close")}</button></span>
      ${d?o`<span class="buttons"><button class="wide" ?disabled=${this.busy===e.call_id} @click=${()=>this.callBack(e,i)}>${h("phone")}${this.word("call_back")}</button></span>`:p}
    </article>`}async callBack(t,e){let s=this.mine;this.busy=t.call_id,this.requestUpdate(),await this.act(s.account,e,{extension:s.extension.number,number:tt(t.from_number)})&&await this.see(),this.busy="",this.requestUpdate()}async command(t,e,s,n={}){this.busy=e.id,this.requestUpdate(),await z(this,t,s,n)&&(this.sending=""),this.busy="",this.requestUpdate()}dismiss(t){this.dismissed.add(t.id),this.requestUpdate()}silence(t){this.silenced.add(t.id),this.requestUpdate()}forget(){let t=new Set(f.accounts.flatMap(e=>Object.keys(e.calls)));for(let e of[this.dismissed,this.silenced])for(let s of e)t.has(s)||e.delete(s);for(let e of this.about.keys())!t.has(e)&&!e.startsWith("caller ")&&this.about.delete(e)}cancel(t,e){t.preventDefault();for(let{call:s}of e)this.dismiss(s)}updated(t){super.updated(t);let e=this.ringing,s=this.renderRoot.querySelector("dialog"),n=this.renderRoot.querySelector(".stack"),c=n.matches(":popover-open");if(this.ringer.ring(this.myChoice.sound&&e.some(({call:l})=>!this.silenced.has(l.id))),this.askMissed(),e.length||(s.open&&s.close(),this.forget()),!e.length&&!this.missed.length&&!(this.caller&&f.accounts.length)){c&&n.hidePopover(),this.problem="";return}e.length&&!s.open&&bt(document)&&(c&&n.hidePopover(),s.showModal()),n.matches(":popover-open")||n.showPopover()}};function bt(r){if(r.querySelector("dialog:modal"))return!0;for(let a of r.querySelectorAll("*"))if(a.shadowRoot&&bt(a.shadowRoot))return!0;return!1}function vt(){if(document.querySelector("pbx-call-popup"))return;let r=document.createElement("pbx-call-popup");document.body.append(r);let a=document.querySelector("home-assistant");a?.provideHass?.(r);let t=()=>{a?.hass?r.hass=a.hass:setTimeout(t,100)};t()}var Y=class extends P{static{this.styles=[w,v`
      .line { display: flex; flex-wrap: wrap; justify-content: center; gap: 8px; }
      .one { display: inline-flex; gap: 8px; align-items: center; height: 36px; padding: 0 14px 0 10px; border-radius: 18px; box-sizing: border-box; font-size: 14px; background: var(--card-background-color, #fff); border: 1px solid var(--pbx-line); }
      .one b { font-weight: 600; font-variant-numeric: tabular-nums; } .one .icon { width: 20px; height: 20px; }
      .ringing .icon { color: var(--pbx-ringing); } .talking .icon { color: var(--pbx-talking); } .waiting .icon { color: var(--pbx-on_hold); } .missed .icon { color: var(--pbx-missed); }
      .none { color: var(--secondary-text-color); }
    `]}constructor(){super(),new x(this,["calls","accounts"])}setConfig(){}render(){if(!f.ready||!f.accounts.length)return o``;let a=f.accounts.flatMap(i=>Object.values(i.calls)),t=i=>a.filter(d=>d.state===i).length,e=t("talking")+t("on_hold"),s=a.filter(rt).length,n=f.accounts.reduce((i,d)=>i+d.missed,0),c=(i,d,m,g)=>g?o`<span class="one ${i}">${h(d)}<span>${m}</span><b>${g}</b></span>`:p,l=i=>this.hass?.localize(`component.pbx.entity.sensor.call_state.state.${i}`)||i;return o`<div class="line" role="status">
      ${c("ringing","ringing",l("ringing"),t("ringing"))}
      ${c("talking","talking",l("talking"),e)}
      ${c("waiting","clock",this.word("waiting"),s)}
      ${c("missed","missed",this.word("missed"),n)}
      ${a.length||n?p:o`<span class="one none">${h("idle")}${this.word("all_is_quiet")}</span>`}
    </div>`}};function xt(r){for(let a of r.querySelectorAll("*")){if(a.localName==="hui-root")return a;let t=a.shadowRoot&&xt(a.shadowRoot);if(t)return t}}function wt(){let r=xt(document),a=r?.lovelace?.rawConfig?.strategy?.type,[t]=r?.lovelace?.config?.views??[];a==="custom:pbx"&&t?.cards&&!t.path&&r.dispatchEvent(new CustomEvent("config-refresh"))}function Pt(r,a){let t=new Map;for(let e of Object.values(r.entities)){if(e.platform!=="pbx"||!e.device_id)continue;let s=r.devices[e.device_id];for(let n of s?.config_entries??[]){if(a?.length&&!a.includes(n))continue;let c=t.get(n)??{id:n,title:"",keys:new Set};e.translation_key&&c.keys.add(e.translation_key),e.translation_key==="active_calls"&&(c.title=s?.name_by_user??s?.name??n),t.set(n,c)}}return[...t.values()].sort((e,s)=>e.title.localeCompare(s.title))}var X=class extends HTMLElement{static async generate(a,t){dt(t),gt(location.pathname);let e=await t.loadBackendTranslation("common","pbx").catch(()=>{}),s=typeof e=="function"?{...t,localize:e}:t,c=Pt(t,a.accounts).some(u=>u.keys.has("agent_status")||u.keys.has("waiting_callers")),l=a.accounts?.length===1?{account:a.accounts[0]}:{},i=a.columns??3,d={grid_options:{columns:"full"}},m=(u,_={})=>({type:`custom:pbx-${u}-card`,...l,..._}),g=(u,_={})=>({type:"grid",cards:u,..._}),b=(u,_,$t,kt={})=>({title:S(s,u),path:u,icon:_,type:"sections",max_columns:i,sections:$t,...kt}),H=Math.max(1,i-1),O={calls:b("calls","mdi:phone-in-talk",[g([m("calls",d),m("list",{short:!0,...d})],{column_span:H}),g([m("dial"),...c?[m("queues",{agents:!1})]:[]])],{badges:[{type:"custom:pbx-status-badge"}]}),phones:b("phones","mdi:deskphone",[g([m("phones",d)],{column_span:i})]),queues:c?b("queues","mdi:account-multiple",[g([m("queues",d)],{column_span:i})]):void 0,history:b("history","mdi:history",[g([m("list",d)],{column_span:i})]),contacts:b("contacts","mdi:contacts",[g([m("contacts",d)],{column_span:i})])},Q=a.views?.length?a.views:Object.keys(O);return{title:S(s,"phones"),views:Q.map(u=>O[u]).filter(Boolean)}}static getCreateSuggestions(){return{title:"Phones",icon:"mdi:phone",url_path:"pbx-phones"}}};var D={name:"account",selector:{config_entry:{integration:"pbx"}}},T={name:"title",selector:{text:{}}},it=r=>({name:r,selector:{boolean:{}}}),ot=(r,a,t,e)=>({name:r,selector:{number:{min:a,max:t,mode:"box",...e&&{unit_of_measurement:e}}}}),M={columns:12,min_columns:6,rows:"auto"},B=r=>S(document.querySelector("home-assistant")?.hass,r),at=(r,a)=>({value:r,get label(){return B(a)}}),Mt=[at("account","group_account"),at("area","group_area"),at("none","group_none")],Ut={account:"form_account",agents:"form_agents",device:"form_device",group:"form_group",keys:"form_keys",limit:"form_limit",service_level:"form_service_level",short:"form_short",title:"form_title",wait:"form_wait"},yt=[{tag:"pbx-calls-card",element:I,name:"live_calls",entity:"active_calls",form:[T,D]},{tag:"pbx-dial-card",name:"dial_pad",entity:"",element:R("pbx-dial-pad",k.dial,M),form:[T,D,it("keys")]},{tag:"pbx-phones-card",name:"phones",entity:"active_calls",element:R("pbx-phones",k.phones,M),form:[T,D,{name:"group",selector:{select:{mode:"dropdown",options:Mt}}}]},{tag:"pbx-phone-card",name:"one_phone",entity:"call_state",element:R("pbx-phone",k.phone,{...M,columns:6}),form:[T,{name:"device",selector:{device:{integration:"pbx"}}}]},{tag:"pbx-queues-card",name:"queues",entity:"waiting_callers",element:R("pbx-queues-board",k.queues,M),form:[T,D,ot("wait",5,3600,"s"),ot("service_level",0,100,"%"),it("agents")]},{tag:"pbx-list-card",name:"history",entity:"last_call",element:R("pbx-list",k.list,M),form:[T,D,ot("limit",1,100),it("short")]},{tag:"pbx-contacts-card",name:"contacts",entity:"",element:R("pbx-contacts",k.contacts,M),form:[T]}];function U(r,a){customElements.get(r)||customElements.define(r,a)}function Ht(r,a,t){let e=a.entities[t];if(!r.entity||e?.platform!=="pbx"||e.translation_key!==r.entity)return null;let s=r.tag==="pbx-phone-card"&&e.device_id?{device:e.device_id}:{};return{config:{type:`custom:${r.tag}`,...s}}}window.customCards??=[];for(let r of yt)Object.assign(r.element,{getStubConfig:()=>({type:`custom:${r.tag}`}),getConfigForm:()=>({schema:r.form,computeLabel:({name:a})=>B(Ut[a]??a)})}),window.customCards.push({type:r.tag,preview:!0,get name(){return`PBX: ${B(r.name)}`},get description(){return this.name},getEntitySuggestion:(a,t)=>Ht(r,a,t)});window.customBadges??=[];window.customBadges.push({type:"pbx-status-badge",name:"PBX: Status",description:"How many calls ring, talk and wait",preview:!1});window.customStrategies??=[];window.customStrategies.push({type:"pbx",strategyType:"dashboard",get name(){return B("phones")},get description(){return B("dashboard_description")}});await customElements.whenDefined("home-assistant");for(let[r,a]of ht)U(r,a);U("pbx-finder",K);for(let r of yt)U(r.tag,r.element);U("pbx-status-badge",Y);U("pbx-call-popup",G);U("ll-strategy-dashboard-pbx",X);vt();for(let r of[0,1e3])setTimeout(wt,r);
