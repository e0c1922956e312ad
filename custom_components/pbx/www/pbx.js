// sources sha256:302f673cb3c6ad7c191140a252f644bba566e3071dae253cb4edbb9c58715deb
import{a as xt,b as q}from"./chunk-DLCCH4XL.js";import{a as X}from"./chunk-3C7BZ5ZY.js";import"./chunk-GNQTT7CJ.js";import{a as Q,b as U}from"./chunk-FAAI6TVD.js";import{$ as A,A as D,B as W,C as ot,G as I,H as rt,N as v,P as K,Q as mt,R as T,S as ht,T as y,U as gt,X as ft,a as R,aa as L,b as l,ba as $,ca as P,d as p,da as V,ea as G,fa as Y,ga as bt,ha as vt,ia as wt,q as h,r as at,s as O,u as S,v as E,w as F,y as ut}from"./chunk-VEAHNQSQ.js";var lt=1e3,Mt=new Set(["transfer","send_dtmf"]),Ht=["1","2","3","4","5","6","7","8","9","*","0","#"],Z=class extends vt{constructor(){super();this.opened="";this.form="";this.sent="";this.refused="";this.presses=Promise.resolve();this.rows=[];this.touched=0;this.timer=0;new T(this,["calls","accounts","me"]),this.addEventListener("pointerdown",()=>this.touched=performance.now())}static{this.styles=[A,R`
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
        .buttons { justify-content: flex-end; flex-wrap: wrap; }
        .buttons:empty { display: none; }
        .more { padding-inline-start: 0; }
        li .buttons .labelled { flex: 1; width: auto; min-width: max-content; padding: 0 12px; border-radius: 22px; grid-auto-flow: column; justify-content: center; gap: 8px; }
        li .buttons .labelled .text { position: static; width: auto; height: auto; clip-path: none; font-weight: 500; }
      }
      @container (max-width: 260px) {
        li { grid-template-columns: 48px minmax(0, 1fr); grid-template-areas: "avatar who" "clock clock" "buttons buttons"; }
      }
    `]}arrange(t){let e=performance.now(),s=new Map;for(let c of t)for(let u of Object.values(c.calls))s.set(`${c.id}/${u.id}`,{account:c,call:u,turned:e});let n=[];for(let c of this.rows){let u=`${c.account.id}/${c.call.id}`,m=s.get(u);m?n.push(m.call.state===c.call.state?{...m,turned:c.turned}:m):e-(c.over??e)<lt&&v.known.accounts.has(c.account.id)&&n.push({...c,over:c.over??e}),s.delete(u)}let o=[...n,...s.values()],r=e-this.touched<lt||o.some(c=>c.over),d=o.some(c=>e-c.turned<G);return(d||r)&&(clearTimeout(this.timer),this.timer=window.setTimeout(()=>this.requestUpdate(),d?G:lt)),r||o.sort((c,u)=>at(c.call)-at(u.call)||S(c.call)-S(u.call)),o}render(){let t=this.shown;this.rows=this.arrange(t),this.refused&&!this.rows.some(({account:n,call:o})=>W(n,o.id)===this.refused)&&(this.problem=this.refused="");let e=this.rows.filter(n=>!n.over).length,s=this.obstacle(t);return l`<ha-card>
      <div class="header">
        ${h("talking")}
        <h2>${this.config.title??this.word("live_calls")}</h2>
        ${e?l`<span class="chip count">${e}</span>`:p}
      </div>
      ${this.notices(t)}
      <span class="sr" role="status">${this.announcement()}</span>
      ${s??(this.rows.length?l`<ul>${X(this.rows,n=>`${n.account.id}/${n.call.id}`,n=>this.row(n,t.length>1))}</ul>`:l`<div class="empty">${h("idle")}<span>${this.word("all_is_quiet")}</span></div>`)}
    </ha-card>`}update(t){let e=this.renderRoot,s=e.activeElement;super.update(t),s?.isConnected&&e.activeElement!==s&&s.focus()}announcement(){let t=new Set(I(v.known,new Set).map(({id:n})=>n)),s=this.rows.filter(({over:n,account:o,call:r})=>!n&&r.state==="ringing"&&!t.has(W(o,r.id))).map(({call:n})=>E(O(n),this.word("hidden_number")));return s.length?`${this.word("incoming_call")}: ${s.join(", ")}`:""}row(t,e){let{account:s,call:n}=t,o=`${s.id}/${n.id}`,r=O(n),d=this.nobody(r===n.to),c=E(r,d),{first:u,rest:m}=t.over?{first:[],rest:[]}:Q(s,n,this.mine),g=D(s,n);return l`<li class=${t.over?"over":performance.now()-t.turned<G?"turning":""} data-call=${n.id} data-state=${n.state}>
      ${P(r.name??"",r.number??d,t.over?void 0:n.state,r.hidden?"away":"phone")}
      <div class="who">
        <span class="name cut">${$(r,d)}</span>
        <span class="line">${r.name&&r.number?L(r.number):p}</span>
        <span class="line">
          <span class="sr">${n.direction?ft(this.hass,n.direction):p}</span>${h(n.direction==="outgoing"?"dialing":"arrow","arrow small")}
          ${this.phones(s,n)}
          ${g?l`<span class="phone">${h("agents","small")}<bdi class="cut">${g}</bdi></span>`:p}
          ${e?l`<span class="account" style="--hue:${mt(s.id)}"><bdi class="cut">${K(s)}</bdi></span>`:p}
        </span>
      </div>
      <span class="time">${V(S(n))}<small data-state=${n.state}><span class="dot"></span>${gt(this.hass,n.state)}</small></span>
      <div class="buttons">
        ${u.map(w=>this.button(o,s,w,c))}
        ${m.length?l`<button class="round bare" title=${this.word("more")} aria-label="${this.word("more")}: ${c}" aria-expanded=${this.opened===o&&!this.form}
              @click=${()=>this.toggle(o,"")}>${h("more")}</button>`:p}
      </div>
      ${this.opened===o?this.details(o,s,m,[...u,...m],c):p}
    </li>`}phones(t,e){let s=F(e).filter(r=>e.direction!=="internal"||r.extension!==e.from.number);if(!s.length)return l`<span class="phone cut">${$(e.direction==="outgoing"?e.from:e.to,"")}</span>`;let n=3,o=s.slice(0,n).map(r=>l`<span class="phone" data-state=${r.state}><span class="dot" ?hidden=${s.length<2}></span><bdi class="cut">${t.extensions[r.extension]?.name||r.extension}</bdi></span>`);return s.length>n?[...o,l`<span>+${s.length-n}</span>`]:o}button(t,e,s,n){let o=this.word(s.word),r=s.action==="transfer",d=s.word==="hang_up"?"soft":"";return l`<button class="round ${s.tone?"labelled":""} ${s.tone??""} ${d}" title=${o} aria-label="${o}: ${n}" aria-disabled=${this.underWay.has(t)}
      aria-expanded=${r?this.opened===t&&this.form==="transfer":p}
      @click=${()=>r?this.toggle(t,"transfer"):this.command(t,e,s)}>${h(s.icon)}<span class="text sr">${o}</span></button>`}details(t,e,s,n,o){let r=d=>n.find(c=>c.action===d);if(this.form==="transfer"){let d=r("transfer");if(!d)return l``;let c=m=>{let g=m.target.value.trim();g&&this.command(t,e,d,{number:g})},u=m=>m.currentTarget.parentElement.querySelector("pbx-finder").submit();return l`<div class="more">
        <pbx-finder .hass=${this.hass} account=${e.id} label=${this.word("transfer_to")} @pbx-enter=${c}></pbx-finder>
        <button class="wide go" aria-disabled=${this.underWay.has(t)} @click=${u}>${h("transfer","flip")}${this.word("transfer")}</button>
      </div>`}if(this.form==="send_dtmf"){let d=r("send_dtmf");return d?l`<div class="more" role="group" aria-label=${this.word("keypad")}>
        <div class="keys">${Ht.map(c=>l`<button @click=${()=>this.press(e,d,c)}>${c}</button>`)}</div>
        <output class="number" dir="ltr">${this.sent}</output>
      </div>`:l``}return l`<div class="more">
      ${s.map(d=>l`<button class="wide" aria-label="${this.word(d.word)}: ${o}" aria-disabled=${this.underWay.has(t)}
        @click=${()=>Mt.has(d.action)?this.toggle(t,d.action):this.command(t,e,d)}>${h(d.icon)}${this.word(d.word)}</button>`)}
    </div>`}async toggle(t,e){if(e==="transfer"&&!await this.have(q()))return;let s=this.opened===t&&this.form===e;this.opened=s?"":t,this.form=s?"":e,this.sent="",this.requestUpdate(),!s&&e==="transfer"&&this.updateComplete.then(()=>this.renderRoot.querySelector("pbx-finder")?.focus())}command(t,e,s,n={}){return this.during(t,async()=>{this.refused=t,await U(this,e,s,n)&&this.opened===t&&(this.opened=this.form="")})}press(t,e,s){this.presses=this.presses.then(async()=>{await U(this,t,e,{digits:s})&&(this.sent+=s),this.requestUpdate()})}};function k(a,i,t){return class extends HTMLElement{setConfig(e){this.config=e,this.card?.setConfig(e)}set hass(e){this.current=e,this.card&&(this.card.hass=e)}getCardSize(){return 6}getGridOptions(){return t}connectedCallback(){this.style.display="block",this.style.height="100%",this.card||this.fill()}async fill(){let e;try{e=await i()}catch{this.tellOutdated();return}customElements.get(a)||customElements.define(a,e),!this.card&&(this.card=document.createElement(a),this.card.setConfig(this.config??{}),this.current&&(this.card.hass=this.current),this.append(this.card))}tellOutdated(){let e=document.createElement("ha-card");e.setAttribute("role","alert"),e.style.padding="16px",e.textContent=y(this.current,"reload_page"),this.replaceChildren(e)}}}var yt={contacts:async()=>(await import("./contacts-card-LF7UU6RD.js")).ContactsCard,dial:async()=>(await Promise.all([import("./dial-card-NUR4OKJU.js"),q()]))[0].DialCard,list:async()=>(await import("./list-card-PNCKC7XF.js")).ListCard,phone:async()=>(await import("./phone-card-ENPZ3MHZ.js")).PhoneCard,phones:async()=>(await import("./phones-card-BKHEOKM5.js")).PhonesCard,queues:async()=>(await import("./queues-card-WOQLUUTN.js")).QueuesCard},$t="pbx-parts";function kt(){try{return Object.assign({},JSON.parse(localStorage.getItem($t)??"{}"))}catch{return{}}}function _t(a){for(let[i,t]of Object.entries(yt))kt()[a]?.includes?.(i)&&t().catch(()=>{})}var _=a=>()=>{let[i,t]=[kt(),location.pathname];if(!i[t]?.includes(a)){i[t]=[a].concat(i[t]??[]);try{localStorage.setItem($t,JSON.stringify(i))}catch{}}return yt[a]()};var Ot=[523.25,659.25],tt=class{constructor(){this.timer=0}ring(i){i!==!!this.timer&&(clearInterval(this.timer),this.timer=0,i&&(this.context??=new AudioContext,this.context.resume().catch(()=>{}),this.once(),this.timer=window.setInterval(()=>this.once(),3e3)))}once(){let i=this.context;if(i.state==="running")for(let t=0;t<8;t++){let e=i.currentTime+t*.12,s=new OscillatorNode(i,{type:"sine",frequency:Ot[t%2]}),n=new GainNode(i,{gain:0});n.gain.setValueAtTime(0,e),n.gain.linearRampToValueAtTime(.15,e+.02),n.gain.linearRampToValueAtTime(0,e+.11),s.connect(n).connect(i.destination),s.start(e),s.stop(e+.12)}}};var Wt=/^[+\d][\d\s()/.*#-]{1,39}$/,Ct=["location-changed","popstate"],et=2,Lt=100,st=class extends Y{constructor(){super();this.dismissed=new Set;this.silenced=new Set;this.ringer=new tt;this.asker="";this.missed=[];this.asked="";this.sending="";this.saving=!1;this.named="";this.caller="";this.about=new Map;this.readAddress=()=>{let t=(new URLSearchParams(location.search.replaceAll("+","%2B")).get("caller")??"").trim();t!==this.named&&(this.named=t,Wt.test(t)&&(this.caller=t,this.saving=!1,this.requestUpdate()))};this.openSaver=async()=>{this.asker=this.caller,await this.have(xt())&&(this.saving=!this.saving,this.requestUpdate())};this.callCaller=()=>this.during(this.caller,()=>this.place(rt(this.caller)));this.see=async()=>{this.missed=[],this.requestUpdate(),await this.hass?.callWS({type:"pbx/seen"}).catch(()=>{})};new T(this,["calls","accounts","me"])}static{this.styles=[A,R`
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
      .buttons { grid-column: 1 / -1; display: flex; flex-wrap: wrap; gap: 8px; } .buttons .wide { flex: 1; min-height: 48px; border-radius: 24px; padding: 0 12px; }
      .side { display: flex; align-self: start; }
      .round.send { width: 48px; height: 48px; } .known { grid-column: 2 / -1; display: grid; grid-template-columns: minmax(0, 1fr); }
      .rest { display: block; padding: 8px 16px; text-align: center; }
      .problem, .goal, pbx-saver { grid-column: 1 / -1; } .goal { display: flex; gap: 8px; } .goal pbx-finder { flex: 1; }
      @media (max-width: 600px) {
        .stack { inset-block-end: calc(8px + env(safe-area-inset-bottom)); inset-inline: 8px; width: auto; }
      }
      @media (max-height: 600px) {
        .stack:not(:has(.goal)) { max-height: calc(100dvh - 32px); overflow-y: auto; }
        .stack:has(.goal) article:not(:has(.goal)) { display: none; }
      }
      @media (prefers-reduced-motion: no-preference) { .stack:popover-open { animation: enter 0.2s ease-out; } @keyframes enter { from { opacity: 0; transform: translateY(8px); } } }
    `]}connectedCallback(){super.connectedCallback();for(let t of Ct)window.addEventListener(t,this.readAddress);this.readAddress()}disconnectedCallback(){super.disconnectedCallback();for(let t of Ct)window.removeEventListener(t,this.readAddress)}ask(t,e){let s=this.about.get(t);return s||!this.hass?s??{}:(this.about.set(t,{}),this.hass.callWS({type:"pbx/about",...e}).then(n=>{this.about.set(t,n),this.requestUpdate()},()=>{}),{})}home({place:t,country:e}){if(t||!e)return t??"";try{return new Intl.DisplayNames(this.hass?.locale.language,{type:"region"}).of(e)??""}catch{return""}}lastTalk({last:t}){let e=t?.name||t?.extension;return!e||!t?.at?p:l`<span class="sub last">${this.word("last_talked",{name:e,day:this.times.dayWord(new Date(t.at))})}</span>`}async askMissed(){let{popup:t,seen:e,extension:s}=this.myChoice,o=`${v.accounts.map(r=>`${r.id}:${r.missed}`).join()} ${t} ${e} ${s}`;if(!(o===this.asked||!this.hass||!v.ready)){if(this.asked=o,!e||t!=="mine"&&t!=="all"||!v.accounts.length){this.missed=[];return}try{let r=await this.hass.callWS({type:"pbx/recent",missed:!0,limit:Lt});if(o!==this.asked)return;let d=this.mine;this.missed=r.calls.filter(c=>(c.ended_at??"")>e&&(t==="all"||c.account===d?.account.id&&c.extensions?.includes(d.extension.number)))}catch{this.missed=[]}this.requestUpdate()}}get ringing(){return I(v.known,this.dismissed)}render(){let t=this.ringing,e=[...t.slice(0,et).map(({id:s})=>s),this.missed[0]?.call_id,this.caller].join();return l`<dialog tabindex="-1" aria-label=${this.word("incoming_call")} @cancel=${s=>this.cancel(s,t)}>
      <div class="stack ${this.turning(e)?"turning":""}" popover="manual" role="region" dir=${document.documentElement.dir||document.dir||"ltr"} aria-label=${this.word("incoming_call")}>
        ${X(t.slice(0,et),({id:s})=>s,s=>this.one(s))}
        ${t.length>et?l`<article class="rest">+${t.length-et}</article>`:p}
        ${this.missed.length?this.missedCalls():p}
        ${this.caller&&v.accounts.length?this.callerPanel():p}
      </div>
    </dialog>`}one({id:t,account:e,call:s}){let n=this.word("hidden_number"),o=O(s),r=E(o,n),{first:d,rest:c}=Q(e,s,this.mine),u=c.find(f=>f.word==="send_to"),m=o.number?this.ask(t,{account:e.id,call_id:s.id}):{},g=m.company&&m.company!==r?m.company:this.home(m),w=F(s).map(f=>e.extensions[f.extension]?.name||f.extension),x=D(e,s),z=f=>f.tone==="stop"?0:1,J=!this.myChoice.sound||this.silenced.has(t);return l`<article data-call=${s.id}>
      ${P(o.name??"",o.number??n,"ringing",o.hidden?"away":"phone")}
      <span class="text">
        <span class="sr" role="alert">${this.word("incoming_call")}: ${r}</span>
        <span class="name cut" aria-hidden="true">${$(o,n)}</span>
        <span class="sub cut">${o.name&&o.number?l`${L(o.number)} · `:p}${V(S(s))}</span>
        <span class="sub cut">${h("arrow","arrow inline")}<bdi>${[...w,x].filter(Boolean).join(", ")||E(s.to,"")}</bdi>${v.accounts.length>1?l` · <bdi>${K(e)}</bdi>`:p}</span>
      </span>
      <span class="side">
        ${J?p:l`<button class="round bare" title=${this.word("silence")} aria-label=${this.word("silence")} @click=${()=>this.silence(t)}>${h("silence")}</button>`}
        <button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${r}" @click=${()=>this.dismiss(t)}>${h("close")}</button>
      </span>
      ${g||m.last?l`<span class="known">${g?l`<span class="sub cut"><bdi>${g}</bdi></span>`:p}${this.lastTalk(m)}</span>`:p}
      ${d.length||u?l`<span class="buttons">${[...d].sort((f,b)=>z(f)-z(b)).map(f=>l`<button class="wide ${f.tone??""}" aria-label="${this.word(f.word)}: ${r}"
        aria-disabled=${this.underWay.has(t)} @click=${()=>this.command(t,e,f)}>${h(f.icon)}${this.word(f.word)}</button>`)}${u?l`<button class="round send" title=${this.word("send_to")} aria-label="${this.word("send_to")}: ${r}" aria-expanded=${this.sending===t}
        @click=${()=>this.openSending(t)}>${h("transfer","flip")}</button>`:p}</span>`:p}
      ${u&&this.sending===t?this.goal(t,e,u):p}
      ${this.refusal(t)}
    </article>`}goal(t,e,s){let n=r=>{let d=r.target.value.trim();d&&this.command(t,e,s,{number:d})},o=r=>r.currentTarget.parentElement.querySelector("pbx-finder").submit();return l`<div class="goal"><pbx-finder above .hass=${this.hass} account=${e.id} label=${this.word("send_to")} @pbx-enter=${n}></pbx-finder>
      <button class="round go" title=${this.word("send_to")} aria-label=${this.word("send_to")} aria-disabled=${this.underWay.has(t)} @click=${o}>${h("transfer","flip")}</button></div>`}async openSending(t){this.asker=t,await this.have(q())&&(this.sending=this.sending===t?"":t,this.requestUpdate(),this.updateComplete.then(()=>this.renderRoot.querySelector(".goal pbx-finder")?.focus()))}callerPanel(){let t=this.ask(`caller ${this.caller}`,{number:this.caller}),e=[t.company!==t.name?t.company:"",this.home(t)].filter(Boolean).join(" \xB7 ");return l`<article class="caller" data-caller=${this.caller}>
      ${P(t.name??"",this.caller)}
      <span class="text" role="status">
        <span class="sub">${this.word("caller")}</span>
        <span class="name cut">${$({name:t.name,number:this.caller},"")}</span>
        ${t.name?l`<span class="sub cut">${L(this.caller)}</span>`:p}
      </span>
      <span class="side"><button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${t.name??this.caller}" @click=${()=>{this.caller="",this.requestUpdate()}}>${h("close")}</button></span>
      ${e||t.last?l`<span class="known">${e?l`<span class="sub cut"><bdi>${e}</bdi></span>`:p}${this.lastTalk(t)}</span>`:p}
      <span class="buttons">
        ${ot(this.mine?.account)?l`<button class="wide go" aria-disabled=${this.underWay.has(this.caller)} @click=${this.callCaller}>${h("phone")}${this.word("call")}</button>`:p}
        ${t.name?p:l`<button class="wide" aria-expanded=${this.saving} @click=${this.openSaver}>${h("add")}${this.word("add_contact")}</button>`}
      </span>
      ${this.saving?l`<pbx-saver .hass=${this.hass} .number=${this.caller} @pbx-saved=${()=>{this.saving=!1,this.about.delete(`caller ${this.caller}`),this.requestUpdate()}}></pbx-saver>`:p}
      ${this.refusal(this.caller)}
    </article>`}missedCalls(){let[t]=this.missed,e=t,s=this.word("hidden_number"),n=e.from_name||e.from_number||s,o=this.missed.length-1,r=e.from_number&&!e.from_number.includes("\u2022")&&ot(this.mine?.account);return l`<article class="missed" data-missed=${e.call_id}>
      ${P(e.from_name??"",e.from_number??s,void 0,"missed")}
      <span class="text" role="status">
        <span class="sub">${this.word("missed_call")}${o?l` · +${o}`:p}</span>
        <span class="name cut">${$({name:e.from_name,number:e.from_number},s)}</span>
        <span class="sub cut">${e.ended_at?this.times.time(new Date(e.ended_at)):""}${e.extension_name?l` · <bdi>${e.extension_name}</bdi>`:p}</span>
      </span>
      <span class="side"><button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${n}" @click=${this.see}>${h("close")}</button></span>
      ${r?l`<span class="buttons"><button class="wide" aria-disabled=${this.underWay.has(e.call_id)} @click=${()=>this.callBack(e)}>${h("phone")}${this.word("call_back")}</button></span>`:p}
      ${this.refusal(e.call_id)}
    </article>`}callBack(t){return this.during(t.call_id,async()=>{await this.place(rt(t.from_number))&&await this.see()})}command(t,e,s,n={}){return this.during(t,async()=>{await U(this,e,s,n)&&(this.sending="")})}during(t,e){return this.underWay.has(t)||(this.asker=t),super.during(t,e)}refusal(t){return this.problem&&this.asker===t?l`<div class="problem">${this.notice(this.problem,"cancelled")}</div>`:p}dismiss(t){this.dismissed.add(t),this.requestUpdate()}silence(t){this.silenced.add(t),this.requestUpdate()}forget(){let t=new Set(v.accounts.flatMap(e=>Object.keys(e.calls).map(s=>W(e,s))));for(let e of[this.dismissed,this.silenced])for(let s of e)t.has(s)||e.delete(s);for(let e of this.about.keys())!t.has(e)&&!e.startsWith("caller ")&&this.about.delete(e)}cancel(t,e){t.preventDefault();for(let{id:s}of e)this.dismiss(s)}updated(t){super.updated(t);let e=this.ringing,s=this.renderRoot.querySelector("dialog"),n=this.renderRoot.querySelector(".stack"),o=n.matches(":popover-open");if(this.ringer.ring(this.myChoice.sound&&e.some(({id:r})=>!this.silenced.has(r))),this.askMissed(),e.length||(s.open&&s.close(),this.forget()),!e.length&&!this.missed.length&&!(this.caller&&v.accounts.length)){o&&n.hidePopover(),this.problem="";return}e.length&&!s.open&&Rt(document)&&(o&&n.hidePopover(),s.showModal()),n.matches(":popover-open")||n.showPopover()}};function Rt(a){if(a.querySelector("dialog:modal"))return!0;for(let i of a.querySelectorAll("*"))if(i.shadowRoot&&Rt(i.shadowRoot))return!0;return!1}function St(){if(document.querySelector("pbx-call-popup"))return;let a=document.createElement("pbx-call-popup");document.body.append(a);let i=document.querySelector("home-assistant");i?.provideHass?.(a);let t=()=>{i?.hass?a.hass=i.hass:setTimeout(t,100)};t()}var nt=class extends Y{static{this.styles=[A,R`
      .line { display: flex; flex-wrap: wrap; justify-content: center; gap: 8px; }
      .one { display: inline-flex; gap: 8px; align-items: center; height: 36px; padding: 0 14px 0 10px; border-radius: 18px; box-sizing: border-box; font-size: 14px; background: var(--card-background-color, #fff); border: 1px solid var(--pbx-line); }
      .one b { font-weight: 600; font-variant-numeric: tabular-nums; } .one .icon { width: 20px; height: 20px; }
      .ringing .icon { color: var(--pbx-ringing); } .talking .icon { color: var(--pbx-talking); } .waiting .icon { color: var(--pbx-on_hold); } .missed .icon { color: var(--pbx-missed); }
      .none { color: var(--secondary-text-color); }
    `]}constructor(){super(),new T(this,["calls","accounts"])}setConfig({account:i}){this.account=i,this.requestUpdate()}render(){let i=bt(this.account);if(!v.ready||!i.length)return l``;let t=i.flatMap(c=>Object.values(c.calls)),e=c=>t.filter(u=>u.state===c).length,s=e("talking")+e("on_hold"),n=t.filter(ut).length,o=i.reduce((c,u)=>c+u.missed,0),r=(c,u,m,g)=>g?l`<span class="one ${c}">${h(u)}<span>${m}</span><b>${g}</b></span>`:p,d=c=>this.hass?.localize(`component.pbx.entity.sensor.call_state.state.${c}`)||c;return l`<div class="line" role="status">
      ${r("ringing","ringing",d("ringing"),e("ringing"))}
      ${r("talking","talking",d("talking"),s)}
      ${r("waiting","clock",this.word("waiting"),n)}
      ${r("missed","missed",this.word("missed"),o)}
      ${t.length||o?p:l`<span class="one none">${h("idle")}${this.word("all_is_quiet")}</span>`}
    </div>`}};function Et(a){for(let i of a.querySelectorAll("*")){if(i.localName==="hui-root")return i;let t=i.shadowRoot&&Et(i.shadowRoot);if(t)return t}}function Tt(){let a=Et(document),i=a?.lovelace?.rawConfig?.strategy?.type,[t]=a?.lovelace?.config?.views??[];i==="custom:pbx"&&t?.cards&&!t.path&&a.dispatchEvent(new CustomEvent("config-refresh"))}function Ut(a,i){let t=new Map;for(let e of Object.values(a.entities)){if(e.platform!=="pbx"||!e.device_id)continue;let s=a.devices[e.device_id];for(let n of s?.config_entries??[]){if(i.length&&!i.includes(n))continue;let o=t.get(n)??{id:n,title:"",keys:new Set};e.translation_key&&o.keys.add(e.translation_key),e.translation_key==="active_calls"&&(o.title=s?.name_by_user??s?.name??n),t.set(n,o)}}return[...t.values()].sort((e,s)=>e.title.localeCompare(s.title))}var it=class extends HTMLElement{static async generate(i,t){ht(t);let e=await t.loadBackendTranslation("common","pbx").catch(()=>{}),s=typeof e=="function"?{...t,localize:e}:t,n=[i.accounts??[]].flat(),o=Ut(t,n),r=o.some(b=>b.keys.has("agent_status")||b.keys.has("waiting_callers")),d=o.length?o.map(b=>b.id):n,c=n.length?{account:d.length>1?d:d[0]}:{},u=i.columns??3,m={grid_options:{columns:"full"}},g=(b,H={})=>({type:`custom:pbx-${b}-card`,...c,...H}),w=(b,H={})=>({type:"grid",cards:b,...H}),x=(b,H,Pt,qt={})=>({title:y(s,b),path:b,icon:H,type:"sections",max_columns:u,sections:Pt,...qt}),z=Math.max(1,u-1),J={calls:x("calls","mdi:phone-in-talk",[w([g("calls",m),g("list",{short:!0,...m})],{column_span:z}),w([g("dial"),...r?[g("queues",{agents:!1})]:[]])],{badges:[{type:"custom:pbx-status-badge",...c}]}),phones:x("phones","mdi:deskphone",[w([g("phones",m)],{column_span:u})]),queues:r?x("queues","mdi:account-multiple",[w([g("queues",m)],{column_span:u})]):void 0,history:x("history","mdi:history",[w([g("list",m)],{column_span:u})]),contacts:x("contacts","mdi:contacts",[w([g("contacts",m)],{column_span:u})])},f=i.views?.length?[i.views].flat():Object.keys(J);return{title:y(s,"phones"),views:f.map(b=>J[b]).filter(Boolean)}}static getCreateSuggestions(){return{title:"Phones",icon:"mdi:phone",url_path:"pbx-phones"}}};var j={name:"account",selector:{config_entry:{integration:"pbx"}}},C={name:"title",selector:{text:{}}},ct=a=>({name:a,selector:{boolean:{}}}),dt=(a,i,t,e)=>({name:a,selector:{number:{min:i,max:t,mode:"box",...e&&{unit_of_measurement:e}}}}),M={columns:12,min_columns:6,rows:"auto"},B=a=>y(document.querySelector("home-assistant")?.hass,a),pt=(a,i)=>({value:a,get label(){return B(i)}}),jt=[pt("account","group_account"),pt("area","group_area"),pt("none","group_none")],Bt={account:"form_account",agents:"form_agents",device:"form_device",group:"form_group",keys:"form_keys",limit:"form_limit",service_level:"form_service_level",short:"form_short",title:"form_title",wait:"form_wait"},At=[{tag:"pbx-calls-card",element:Z,name:"live_calls",entity:"active_calls",form:[C,j]},{tag:"pbx-dial-card",name:"dial_pad",entity:"",element:k("pbx-dial-pad",_("dial"),M),form:[C,j,ct("keys")]},{tag:"pbx-phones-card",name:"phones",entity:"active_calls",element:k("pbx-phones",_("phones"),M),form:[C,j,{name:"group",selector:{select:{mode:"dropdown",options:jt}}}]},{tag:"pbx-phone-card",name:"one_phone",entity:"call_state",element:k("pbx-phone",_("phone"),{...M,columns:6}),form:[C,{name:"device",selector:{device:{integration:"pbx"}}}]},{tag:"pbx-queues-card",name:"queues",entity:"waiting_callers",element:k("pbx-queues-board",_("queues"),M),form:[C,j,dt("wait",5,3600,"s"),dt("service_level",0,100,"%"),ct("agents")]},{tag:"pbx-list-card",name:"history",entity:"last_call",element:k("pbx-list",_("list"),M),form:[C,j,dt("limit",1,100),ct("short")]},{tag:"pbx-contacts-card",name:"contacts",entity:"",element:k("pbx-contacts",_("contacts"),M),form:[C]}];function N(a,i){customElements.get(a)||customElements.define(a,i)}function Nt(a,i,t){let e=i.entities[t];if(!a.entity||e?.platform!=="pbx"||e.translation_key!==a.entity)return null;let s=a.tag==="pbx-phone-card"&&e.device_id?{device:e.device_id}:{};return{config:{type:`custom:${a.tag}`,...s}}}window.customCards??=[];for(let a of At)Object.assign(a.element,{getStubConfig:()=>({type:`custom:${a.tag}`}),getConfigForm:()=>({schema:a.form,computeLabel:({name:i})=>B(Bt[i]??i),assertConfig:({account:i})=>{if(Array.isArray(i))throw new Error("account")}})}),window.customCards.push({type:a.tag,preview:!0,get name(){return`PBX: ${B(a.name)}`},get description(){return this.name},getEntitySuggestion:(i,t)=>Nt(a,i,t)});window.customBadges??=[];window.customBadges.push({type:"pbx-status-badge",name:"PBX: Status",description:"How many calls ring, talk and wait",preview:!1});window.customStrategies??=[];window.customStrategies.push({type:"pbx",strategyType:"dashboard",get name(){return B("phones")},get description(){return B("dashboard_description")}});_t(location.pathname);await customElements.whenDefined("home-assistant");for(let[a,i]of wt)N(a,i);for(let a of At)N(a.tag,a.element);N("pbx-status-badge",nt);N("pbx-call-popup",st);N("ll-strategy-dashboard-pbx",it);St();for(let a of[0,1e3])setTimeout(Tt,a);
