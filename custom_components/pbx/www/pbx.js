// sources sha256:d1f0af543a97a46717ca707f33b7f679e2b8f653a46e3dbd668f1d8e836c815d
import{e as W}from"./chunk-LS6ML6DL.js";import{a as ht,b as A}from"./chunk-IVZZ5XSF.js";import{a as I,b as U}from"./chunk-ICOGLRXO.js";import{$ as ut,A as tt,D as lt,E as et,I as f,J,K as ct,L as R,M as dt,N as w,O as pt,V as E,W as O,X as x,Y as T,Z as D,_ as F,a as _,aa as mt,b as r,d,q as h,r as Z,s as H,t as C,u as S,v as N,w as rt,y as z}from"./chunk-IOEDJLHL.js";var st=1e3,Rt=new Set(["transfer","send_dtmf"]),Et=["1","2","3","4","5","6","7","8","9","*","0","#"],K=class extends ut{constructor(){super();this.opened="";this.form="";this.sent="";this.busy=new Set;this.rows=[];this.touched=0;this.timer=0;this.announced="";new R(this,["calls","accounts","me"]),this.addEventListener("pointerdown",()=>this.touched=Date.now())}static{this.styles=[E,_`
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
    `]}arrange(e){let t=Date.now(),s=new Map;for(let i of e)for(let c of Object.values(i.calls))s.set(`${i.id}/${c.id}`,{account:i,call:c});let n=[];for(let i of this.rows){let c=`${i.account.id}/${i.call.id}`,m=s.get(c);m?n.push(m):t-(i.over??t)<st&&f.known.accounts.has(i.account.id)&&n.push({...i,over:i.over??t}),s.delete(c)}let l=[...n,...s.values()],p=t-this.touched<st||l.some(i=>i.over);return(l.some(i=>i.over)||p)&&(clearTimeout(this.timer),this.timer=window.setTimeout(()=>this.requestUpdate(),st)),p||l.sort((i,c)=>Z(i.call)-Z(c.call)||C(i.call)-C(c.call)),l}render(){let e=this.shown;this.rows=this.arrange(e);let t=this.rows.filter(n=>!n.over).length,s=this.obstacle(e);return r`<ha-card>
      <div class="header">
        ${h("talking")}
        <h2>${this.config.title??this.word("live_calls")}</h2>
        ${t?r`<span class="chip count">${t}</span>`:d}
      </div>
      ${this.notices(e)}
      <span class="sr" role="status">${this.announcement()}</span>
      ${s??(this.rows.length?r`<ul>${W(this.rows,n=>`${n.account.id}/${n.call.id}`,n=>this.row(n,e.length>1))}</ul>`:r`<div class="empty">${h("idle")}<span>${this.word("all_is_quiet")}</span></div>`)}
    </ha-card>`}announcement(){let e=this.rows.filter(t=>!t.over&&t.call.state==="ringing").map(t=>S(H(t.call),this.word("hidden_number")));return e.length?this.announced=`${this.word("incoming_call")}: ${e.join(", ")}`:this.announced="",this.announced}row(e,t){let{account:s,call:n}=e,l=`${s.id}/${n.id}`,p=this.word("hidden_number"),i=n.direction==="internal"?n.from:H(n),c=S(i,p),{first:m,rest:g}=e.over?{first:[],rest:[]}:I(s,n,this.mine),b=z(s,n);return r`<li class=${e.over?"over":""} data-call=${n.id} data-state=${n.state}>
      ${T(i.name??"",i.number??p,e.over?void 0:n.state,i.hidden?"away":"phone")}
      <div class="who">
        <span class="name cut">${x(i,p)}</span>
        <span class="line">${i.name&&i.number?r`${O(i.number)}`:d}</span>
        <span class="line">
          <span role="img" aria-label=${n.direction==="outgoing"?"\u2190":"\u2192"}>${h(n.direction==="outgoing"?"dialing":"arrow","arrow small")}</span>
          ${this.phones(s,n)}
          ${b?r`<span class="phone">${h("agents","small")}<bdi class="cut">${b}</bdi></span>`:d}
          ${t?r`<span class="account" style="--hue:${ct(s.id)}"><bdi class="cut">${J(s)}</bdi></span>`:d}
        </span>
      </div>
      <span class="time">${D(C(n))}<small data-state=${n.state}><span class="dot"></span>${pt(this.hass,n.state)}</small></span>
      <div class="buttons">
        ${m.map(P=>this.button(l,s,P,c))}
        ${g.length?r`<button class="round bare" title=${this.word("more")} aria-label="${this.word("more")}: ${c}" aria-expanded=${this.opened===l&&!this.form}
              @click=${()=>this.toggle(l,"")}>${h("more")}</button>`:d}
      </div>
      ${this.opened===l?this.details(l,s,g,[...m,...g],c):d}
    </li>`}phones(e,t){let s=N(t).filter(l=>t.direction!=="internal"||l.extension!==t.from.number);if(!s.length)return r`<span class="phone cut">${x(t.direction==="outgoing"?t.from:t.to,"")}</span>`;let n=3;return r`${s.slice(0,n).map(l=>r`<span class="phone" data-state=${l.state}>${s.length>1?r`<span class="dot"></span>`:d}<bdi class="cut">${e.extensions[l.extension]?.name||l.extension}</bdi></span>`)}${s.length>n?r`<span>+${s.length-n}</span>`:d}`}button(e,t,s,n){let l=this.word(s.word),p=s.action==="transfer",i=s.word==="hang_up"?"soft":"";return r`<button class="round ${s.tone?"labelled":""} ${s.tone??""} ${i}" title=${l} aria-label="${l}: ${n}" ?disabled=${this.busy.has(e)}
      aria-expanded=${p?this.opened===e&&this.form==="transfer":d}
      @click=${()=>p?this.toggle(e,"transfer"):this.command(e,t,s)}>${h(s.icon)}<span class="text sr">${l}</span></button>`}details(e,t,s,n,l){let p=i=>n.find(c=>c.action===i);if(this.form==="transfer"){let i=p("transfer");if(!i)return r``;let c=m=>{let g=m.target.closest(".more").querySelector("pbx-finder");g.value.trim()&&this.command(e,t,i,{number:g.value.trim()})};return r`<div class="more">
        <pbx-finder .hass=${this.hass} account=${t.id} label=${this.word("transfer_to")} @pbx-enter=${c}></pbx-finder>
        <button class="wide go" @click=${c}>${h("transfer","flip")}${this.word("transfer")}</button>
      </div>`}if(this.form==="send_dtmf"){let i=p("send_dtmf");return i?r`<div class="more" role="group" aria-label=${this.word("keypad")}>
        <div class="keys">${Et.map(c=>r`<button @click=${()=>this.press(t,i,c)}>${c}</button>`)}</div>
        <output class="number" dir="ltr">${this.sent}</output>
      </div>`:r``}return r`<div class="more">
      ${s.map(i=>r`<button class="wide" aria-label="${this.word(i.word)}: ${l}" ?disabled=${this.busy.has(e)}
        @click=${()=>Rt.has(i.action)?this.toggle(e,i.action):this.command(e,t,i)}>${h(i.icon)}${this.word(i.word)}</button>`)}
    </div>`}async toggle(e,t){if(t==="transfer"&&!await this.have(A()))return;let s=this.opened===e&&this.form===t;this.opened=s?"":e,this.form=s?"":t,this.sent="",this.requestUpdate(),!s&&t==="transfer"&&this.updateComplete.then(()=>this.renderRoot.querySelector("pbx-finder")?.focus())}async command(e,t,s,n={}){this.busy.has(e)||(this.busy.add(e),this.requestUpdate(),await U(this,t,s,n)&&(this.opened=this.form=""),this.busy.delete(e),this.requestUpdate())}async press(e,t,s){await U(this,e,t,{digits:s})&&(this.sent+=s),this.requestUpdate()}};function y(a,o,e){return class extends HTMLElement{setConfig(t){this.config=t,this.card?.setConfig(t)}set hass(t){this.current=t,this.card&&(this.card.hass=t)}getCardSize(){return 6}getGridOptions(){return e}connectedCallback(){this.style.display="block",this.style.height="100%",this.card||this.fill()}async fill(){let t;try{t=await o()}catch{this.tellOutdated();return}customElements.get(a)||customElements.define(a,t),!this.card&&(this.card=document.createElement(a),this.card.setConfig(this.config??{}),this.current&&(this.card.hass=this.current),this.append(this.card))}tellOutdated(){let t=document.createElement("ha-card");t.setAttribute("role","alert"),t.style.padding="16px",t.textContent=w(this.current,"reload_page"),this.replaceChildren(t)}}}var gt={contacts:async()=>(await import("./contacts-card-KLOGMHJJ.js")).ContactsCard,dial:async()=>(await Promise.all([import("./dial-card-LBDZ3L4X.js"),A()]))[0].DialCard,list:async()=>(await import("./list-card-R2HLKVO7.js")).ListCard,phone:async()=>(await import("./phone-card-QUEIA3IC.js")).PhoneCard,phones:async()=>(await import("./phones-card-YSNV6VWB.js")).PhonesCard,queues:async()=>(await import("./queues-card-NILJY6C3.js")).QueuesCard},ft="pbx-parts";function bt(){try{return Object.assign({},JSON.parse(localStorage.getItem(ft)??"{}"))}catch{return{}}}function vt(a){for(let[o,e]of Object.entries(gt))bt()[a]?.includes?.(o)&&e().catch(()=>{})}var $=a=>()=>{let[o,e]=[bt(),location.pathname];if(!o[e]?.includes(a)){o[e]=[a].concat(o[e]??[]);try{localStorage.setItem(ft,JSON.stringify(o))}catch{}}return gt[a]()};var Tt=[523.25,659.25],V=class{constructor(){this.timer=0}ring(o){o!==!!this.timer&&(clearInterval(this.timer),this.timer=0,o&&(this.context??=new AudioContext,this.context.resume().catch(()=>{}),this.once(),this.timer=window.setInterval(()=>this.once(),3e3)))}once(){let o=this.context;if(o.state==="running")for(let e=0;e<8;e++){let t=o.currentTime+e*.12,s=new OscillatorNode(o,{type:"sine",frequency:Tt[e%2]}),n=new GainNode(o,{gain:0});n.gain.setValueAtTime(0,t),n.gain.linearRampToValueAtTime(.15,t+.02),n.gain.linearRampToValueAtTime(0,t+.11),s.connect(n).connect(o.destination),s.start(t),s.stop(t+.12)}}};var At=/^[+\d][\d\s()/.*#-]{1,39}$/,wt=["location-changed","popstate"],nt=2,qt=20,G=class extends F{constructor(){super();this.dismissed=new Set;this.silenced=new Set;this.ringer=new V;this.busy="";this.missed=[];this.asked="";this.sending="";this.saving=!1;this.named="";this.caller="";this.about=new Map;this.readAddress=()=>{let e=(new URLSearchParams(location.search.replaceAll("+","%2B")).get("caller")??"").trim();e!==this.named&&(this.named=e,At.test(e)&&(this.caller=e,this.saving=!1,this.requestUpdate()))};this.openSaver=async()=>{await this.have(ht())&&(this.saving=!this.saving,this.requestUpdate())};this.callCaller=async()=>{this.busy=this.caller,this.requestUpdate(),await this.place(et(this.caller)),this.busy="",this.requestUpdate()};this.see=async()=>{this.missed=[],this.requestUpdate(),await this.hass?.callWS({type:"pbx/seen"}).catch(()=>{})};new R(this,["calls","accounts","me"])}static{this.styles=[E,_`
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
    `]}connectedCallback(){super.connectedCallback();for(let e of wt)window.addEventListener(e,this.readAddress);this.readAddress()}disconnectedCallback(){super.disconnectedCallback();for(let e of wt)window.removeEventListener(e,this.readAddress)}ask(e,t){let s=this.about.get(e);return s||!this.hass?s??{}:(this.about.set(e,{}),this.hass.callWS({type:"pbx/about",...t}).then(n=>{this.about.set(e,n),this.requestUpdate()},()=>{}),{})}home({place:e,country:t}){if(e||!t)return e??"";try{return new Intl.DisplayNames(this.hass?.locale.language,{type:"region"}).of(t)??""}catch{return""}}lastTalk({last:e}){let t=e?.name||e?.extension;return!t||!e?.at?d:r`<span class="sub last">${this.word("last_talked",{name:t,day:this.times.dayWord(new Date(e.at))})}</span>`}async askMissed(){let{popup:e,seen:t,extension:s}=this.myChoice,l=`${f.accounts.map(p=>`${p.id}:${p.missed}`).join()} ${e} ${t} ${s}`;if(!(l===this.asked||!this.hass||!f.ready)){if(this.asked=l,!t||e!=="mine"&&e!=="all"||!f.accounts.length){this.missed=[];return}try{let p=await this.hass.callWS({type:"pbx/recent",missed:!0,limit:qt});if(l!==this.asked)return;let i=this.mine;this.missed=p.calls.filter(c=>(c.ended_at??"")>t&&(e==="all"||c.account===i?.account.id&&c.extensions?.includes(i.extension.number)))}catch{this.missed=[]}this.requestUpdate()}}get ringing(){let{popup:e}=this.myChoice;if(e!=="mine"&&e!=="all")return[];let t=this.mine;return f.accounts.flatMap(s=>Object.values(s.calls).filter(n=>n.state!=="ringing"||n.direction==="outgoing"||this.dismissed.has(n.id)?!1:e==="all"||lt(t,s,n)?.state==="ringing").map(n=>({account:s,call:n})))}render(){let e=this.ringing;return r`<dialog tabindex="-1" aria-label=${this.word("incoming_call")} @cancel=${t=>this.cancel(t,e)}>
      <div class="stack" popover="manual" role="region" dir=${document.documentElement.dir||document.dir||"ltr"} aria-label=${this.word("incoming_call")}>
        ${W(e.slice(0,nt),({call:t})=>t.id,t=>this.one(t))}
        ${e.length>nt?r`<article class="rest">+${e.length-nt}</article>`:d}
        ${this.missed.length?this.missedCalls():d}
        ${this.caller&&f.accounts.length?this.callerPanel():d}
      </div>
    </dialog>`}one({account:e,call:t}){let s=this.word("hidden_number"),n=H(t),l=S(n,s),{first:p,rest:i}=I(e,t,this.mine),c=i.find(u=>u.word==="send_to"),m=n.number?this.ask(t.id,{account:e.id,call_id:t.id}):{},g=m.company&&m.company!==l?m.company:this.home(m),b=N(t).map(u=>e.extensions[u.extension]?.name||u.extension),P=z(e,t),M=u=>u.tone==="stop"?0:1,Q=!this.myChoice.sound||this.silenced.has(t.id);return r`<article data-call=${t.id}>
      ${T(n.name??"",n.number??s,"ringing",n.hidden?"away":"phone")}
      <span class="text">
        <span class="sr" role="alert">${this.word("incoming_call")}: ${l}</span>
        <span class="name cut" aria-hidden="true">${x(n,s)}</span>
        <span class="sub cut">${n.name&&n.number?r`${O(n.number)} · `:d}${D(C(t))}</span>
        <span class="sub cut">${h("arrow","arrow inline")}<bdi>${[...b,P].filter(Boolean).join(", ")||S(t.to,"")}</bdi>${f.accounts.length>1?r` · <bdi>${J(e)}</bdi>`:d}</span>
      </span>
      <span class="side">
        ${Q?d:r`<button class="round bare" title=${this.word("silence")} aria-label=${this.word("silence")} @click=${()=>this.silence(t)}>${h("silence")}</button>`}
        <button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${l}" @click=${()=>this.dismiss(t)}>${h("close")}</button>
      </span>
      ${g||m.last?r`<span class="known">${g?r`<span class="sub cut"><bdi>${g}</bdi></span>`:d}${this.lastTalk(m)}</span>`:d}
      ${p.length||c?r`<span class="buttons">${[...p].sort((u,v)=>M(u)-M(v)).map(u=>r`<button class="wide ${u.tone??""}" aria-label="${this.word(u.word)}: ${l}"
        ?disabled=${this.busy===t.id} @click=${()=>this.command(e,t,u)}>${h(u.icon)}${this.word(u.word)}</button>`)}${c?r`<button class="round send" title=${this.word("send_to")} aria-label="${this.word("send_to")}: ${l}" aria-expanded=${this.sending===t.id}
        @click=${()=>this.openSending(t)}>${h("transfer","flip")}</button>`:d}</span>`:d}
      ${c&&this.sending===t.id?this.goal(e,t,c):d}
      ${this.problem?r`<div class="problem">${this.notice(this.problem,"cancelled")}</div>`:d}
    </article>`}goal(e,t,s){let n=l=>{let p=l.target.closest(".goal").querySelector("pbx-finder").value.trim();p&&this.command(e,t,s,{number:p})};return r`<div class="goal"><pbx-finder above .hass=${this.hass} account=${e.id} label=${this.word("send_to")} @pbx-enter=${n}></pbx-finder>
      <button class="round go" title=${this.word("send_to")} aria-label=${this.word("send_to")} @click=${n}>${h("transfer","flip")}</button></div>`}async openSending(e){await this.have(A())&&(this.sending=this.sending===e.id?"":e.id,this.requestUpdate(),this.updateComplete.then(()=>this.renderRoot.querySelector(".goal pbx-finder")?.focus()))}callerPanel(){let e=this.ask(`caller ${this.caller}`,{number:this.caller}),t=[e.company!==e.name?e.company:"",this.home(e)].filter(Boolean).join(" \xB7 ");return r`<article class="caller" data-caller=${this.caller}>
      ${T(e.name??"",this.caller)}
      <span class="text" role="status">
        <span class="sub">${this.word("caller")}</span>
        <span class="name cut">${x({name:e.name,number:this.caller},"")}</span>
        ${e.name?r`<span class="sub cut">${O(this.caller)}</span>`:d}
      </span>
      <span class="side"><button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${e.name??this.caller}" @click=${()=>{this.caller="",this.requestUpdate()}}>${h("close")}</button></span>
      ${t||e.last?r`<span class="known">${t?r`<span class="sub cut"><bdi>${t}</bdi></span>`:d}${this.lastTalk(e)}</span>`:d}
      <span class="buttons">
        ${tt(this.mine?.account)?r`<button class="wide go" ?disabled=${this.busy===this.caller} @click=${this.callCaller}>${h("phone")}${this.word("call")}</button>`:d}
        ${e.name?d:r`<button class="wide" aria-expanded=${this.saving} @click=${this.openSaver}>${h("add")}${this.word("add_contact")}</button>`}
      </span>
      ${this.saving?r`<pbx-saver .hass=${this.hass} .number=${this.caller} @pbx-saved=${()=>{this.saving=!1,this.about.delete(`caller ${this.caller}`),this.requestUpdate()}}></pbx-saver>`:d}
      ${this.problem?r`<div class="problem">${this.notice(this.problem,"cancelled")}</div>`:d}
    </article>`}missedCalls(){let[e]=this.missed,t=e,s=this.word("hidden_number"),n=t.from_name||t.from_number||s,l=this.missed.length-1,p=t.from_number&&!t.from_number.includes("\u2022")&&tt(this.mine?.account);return r`<article class="missed" data-missed=${t.call_id}>
      ${T(t.from_name??"",t.from_number??s,void 0,"missed")}
      <span class="text" role="status">
        <span class="sub">${this.word("missed_call")}${l?r` · +${l}`:d}</span>
        <span class="name cut">${x({name:t.from_name,number:t.from_number},s)}</span>
        <span class="sub cut">${t.ended_at?this.times.time(new Date(t.ended_at)):""}${t.extension_name?r` · <bdi>${t.extension_name}</bdi>`:d}</span>
      </span>
      <span class="side"><button class="round bare" title=${this.word("dismiss")} aria-label="${this.word("dismiss")}: ${n}" @click=${this.see}>${h("close")}</button></span>
      ${p?r`<span class="buttons"><button class="wide" ?disabled=${this.busy===t.call_id} @click=${()=>this.callBack(t)}>${h("phone")}${this.word("call_back")}</button></span>`:d}
    </article>`}async callBack(e){this.busy=e.call_id,this.requestUpdate(),await this.place(et(e.from_number))&&await this.see(),this.busy="",this.requestUpdate()}async command(e,t,s,n={}){this.busy=t.id,this.requestUpdate(),await U(this,e,s,n)&&(this.sending=""),this.busy="",this.requestUpdate()}dismiss(e){this.dismissed.add(e.id),this.requestUpdate()}silence(e){this.silenced.add(e.id),this.requestUpdate()}forget(){let e=new Set(f.accounts.flatMap(t=>Object.keys(t.calls)));for(let t of[this.dismissed,this.silenced])for(let s of t)e.has(s)||t.delete(s);for(let t of this.about.keys())!e.has(t)&&!t.startsWith("caller ")&&this.about.delete(t)}cancel(e,t){e.preventDefault();for(let{call:s}of t)this.dismiss(s)}updated(e){super.updated(e);let t=this.ringing,s=this.renderRoot.querySelector("dialog"),n=this.renderRoot.querySelector(".stack"),l=n.matches(":popover-open");if(this.ringer.ring(this.myChoice.sound&&t.some(({call:p})=>!this.silenced.has(p.id))),this.askMissed(),t.length||(s.open&&s.close(),this.forget()),!t.length&&!this.missed.length&&!(this.caller&&f.accounts.length)){l&&n.hidePopover(),this.problem="";return}t.length&&!s.open&&xt(document)&&(l&&n.hidePopover(),s.showModal()),n.matches(":popover-open")||n.showPopover()}};function xt(a){if(a.querySelector("dialog:modal"))return!0;for(let o of a.querySelectorAll("*"))if(o.shadowRoot&&xt(o.shadowRoot))return!0;return!1}function yt(){if(document.querySelector("pbx-call-popup"))return;let a=document.createElement("pbx-call-popup");document.body.append(a);let o=document.querySelector("home-assistant");o?.provideHass?.(a);let e=()=>{o?.hass?a.hass=o.hass:setTimeout(e,100)};e()}var Y=class extends F{static{this.styles=[E,_`
      .line { display: flex; flex-wrap: wrap; justify-content: center; gap: 8px; }
      .one { display: inline-flex; gap: 8px; align-items: center; height: 36px; padding: 0 14px 0 10px; border-radius: 18px; box-sizing: border-box; font-size: 14px; background: var(--card-background-color, #fff); border: 1px solid var(--pbx-line); }
      .one b { font-weight: 600; font-variant-numeric: tabular-nums; } .one .icon { width: 20px; height: 20px; }
      .ringing .icon { color: var(--pbx-ringing); } .talking .icon { color: var(--pbx-talking); } .waiting .icon { color: var(--pbx-on_hold); } .missed .icon { color: var(--pbx-missed); }
      .none { color: var(--secondary-text-color); }
    `]}constructor(){super(),new R(this,["calls","accounts"])}setConfig(){}render(){if(!f.ready||!f.accounts.length)return r``;let o=f.accounts.flatMap(i=>Object.values(i.calls)),e=i=>o.filter(c=>c.state===i).length,t=e("talking")+e("on_hold"),s=o.filter(rt).length,n=f.accounts.reduce((i,c)=>i+c.missed,0),l=(i,c,m,g)=>g?r`<span class="one ${i}">${h(c)}<span>${m}</span><b>${g}</b></span>`:d,p=i=>this.hass?.localize(`component.pbx.entity.sensor.call_state.state.${i}`)||i;return r`<div class="line" role="status">
      ${l("ringing","ringing",p("ringing"),e("ringing"))}
      ${l("talking","talking",p("talking"),t)}
      ${l("waiting","clock",this.word("waiting"),s)}
      ${l("missed","missed",this.word("missed"),n)}
      ${o.length||n?d:r`<span class="one none">${h("idle")}${this.word("all_is_quiet")}</span>`}
    </div>`}};function $t(a){for(let o of a.querySelectorAll("*")){if(o.localName==="hui-root")return o;let e=o.shadowRoot&&$t(o.shadowRoot);if(e)return e}}function kt(){let a=$t(document),o=a?.lovelace?.rawConfig?.strategy?.type,[e]=a?.lovelace?.config?.views??[];o==="custom:pbx"&&e?.cards&&!e.path&&a.dispatchEvent(new CustomEvent("config-refresh"))}function Pt(a,o){let e=new Map;for(let t of Object.values(a.entities)){if(t.platform!=="pbx"||!t.device_id)continue;let s=a.devices[t.device_id];for(let n of s?.config_entries??[]){if(o?.length&&!o.includes(n))continue;let l=e.get(n)??{id:n,title:"",keys:new Set};t.translation_key&&l.keys.add(t.translation_key),t.translation_key==="active_calls"&&(l.title=s?.name_by_user??s?.name??n),e.set(n,l)}}return[...e.values()].sort((t,s)=>t.title.localeCompare(s.title))}var X=class extends HTMLElement{static async generate(o,e){dt(e);let t=await e.loadBackendTranslation("common","pbx").catch(()=>{}),s=typeof t=="function"?{...e,localize:t}:e,l=Pt(e,o.accounts).some(u=>u.keys.has("agent_status")||u.keys.has("waiting_callers")),p=o.accounts?.length===1?{account:o.accounts[0]}:{},i=o.columns??3,c={grid_options:{columns:"full"}},m=(u,v={})=>({type:`custom:pbx-${u}-card`,...p,...v}),g=(u,v={})=>({type:"grid",cards:u,...v}),b=(u,v,Ct,St={})=>({title:w(s,u),path:u,icon:v,type:"sections",max_columns:i,sections:Ct,...St}),P=Math.max(1,i-1),M={calls:b("calls","mdi:phone-in-talk",[g([m("calls",c),m("list",{short:!0,...c})],{column_span:P}),g([m("dial"),...l?[m("queues",{agents:!1})]:[]])],{badges:[{type:"custom:pbx-status-badge"}]}),phones:b("phones","mdi:deskphone",[g([m("phones",c)],{column_span:i})]),queues:l?b("queues","mdi:account-multiple",[g([m("queues",c)],{column_span:i})]):void 0,history:b("history","mdi:history",[g([m("list",c)],{column_span:i})]),contacts:b("contacts","mdi:contacts",[g([m("contacts",c)],{column_span:i})])},Q=o.views?.length?o.views:Object.keys(M);return{title:w(s,"phones"),views:Q.map(u=>M[u]).filter(Boolean)}}static getCreateSuggestions(){return{title:"Phones",icon:"mdi:phone",url_path:"pbx-phones"}}};var L={name:"account",selector:{config_entry:{integration:"pbx"}}},k={name:"title",selector:{text:{}}},it=a=>({name:a,selector:{boolean:{}}}),ot=(a,o,e,t)=>({name:a,selector:{number:{min:o,max:e,mode:"box",...t&&{unit_of_measurement:t}}}}),q={columns:12,min_columns:6,rows:"auto"},j=a=>w(document.querySelector("home-assistant")?.hass,a),at=(a,o)=>({value:a,get label(){return j(o)}}),Mt=[at("account","group_account"),at("area","group_area"),at("none","group_none")],Ht={account:"form_account",agents:"form_agents",device:"form_device",group:"form_group",keys:"form_keys",limit:"form_limit",service_level:"form_service_level",short:"form_short",title:"form_title",wait:"form_wait"},_t=[{tag:"pbx-calls-card",element:K,name:"live_calls",entity:"active_calls",form:[k,L]},{tag:"pbx-dial-card",name:"dial_pad",entity:"",element:y("pbx-dial-pad",$("dial"),q),form:[k,L,it("keys")]},{tag:"pbx-phones-card",name:"phones",entity:"active_calls",element:y("pbx-phones",$("phones"),q),form:[k,L,{name:"group",selector:{select:{mode:"dropdown",options:Mt}}}]},{tag:"pbx-phone-card",name:"one_phone",entity:"call_state",element:y("pbx-phone",$("phone"),{...q,columns:6}),form:[k,{name:"device",selector:{device:{integration:"pbx"}}}]},{tag:"pbx-queues-card",name:"queues",entity:"waiting_callers",element:y("pbx-queues-board",$("queues"),q),form:[k,L,ot("wait",5,3600,"s"),ot("service_level",0,100,"%"),it("agents")]},{tag:"pbx-list-card",name:"history",entity:"last_call",element:y("pbx-list",$("list"),q),form:[k,L,ot("limit",1,100),it("short")]},{tag:"pbx-contacts-card",name:"contacts",entity:"",element:y("pbx-contacts",$("contacts"),q),form:[k]}];function B(a,o){customElements.get(a)||customElements.define(a,o)}function Ot(a,o,e){let t=o.entities[e];if(!a.entity||t?.platform!=="pbx"||t.translation_key!==a.entity)return null;let s=a.tag==="pbx-phone-card"&&t.device_id?{device:t.device_id}:{};return{config:{type:`custom:${a.tag}`,...s}}}window.customCards??=[];for(let a of _t)Object.assign(a.element,{getStubConfig:()=>({type:`custom:${a.tag}`}),getConfigForm:()=>({schema:a.form,computeLabel:({name:o})=>j(Ht[o]??o)})}),window.customCards.push({type:a.tag,preview:!0,get name(){return`PBX: ${j(a.name)}`},get description(){return this.name},getEntitySuggestion:(o,e)=>Ot(a,o,e)});window.customBadges??=[];window.customBadges.push({type:"pbx-status-badge",name:"PBX: Status",description:"How many calls ring, talk and wait",preview:!1});window.customStrategies??=[];window.customStrategies.push({type:"pbx",strategyType:"dashboard",get name(){return j("phones")},get description(){return j("dashboard_description")}});vt(location.pathname);await customElements.whenDefined("home-assistant");for(let[a,o]of mt)B(a,o);for(let a of _t)B(a.tag,a.element);B("pbx-status-badge",Y);B("pbx-call-popup",G);B("ll-strategy-dashboard-pbx",X);yt();for(let a of[0,1e3])setTimeout(kt,a);
