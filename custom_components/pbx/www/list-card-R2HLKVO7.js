import{a as M}from"./chunk-IVZZ5XSF.js";import{$ as A,A as E,E as S,F as m,H as P,I as u,J as T,K as C,L as R,Q as W,R as g,S as I,T as U,U as p,V as z,W as w,a as k,b as o,d as n,o as y,p as q,q as c}from"./chunk-IOEDJLHL.js";var H=new Set(["missed","busy","failed","cancelled","rejected","no_answer"]),j=400,B=400,D=[3e3,12e3],l=v=>`${v.account}/${v.record_id}`,O=class extends A{constructor(){super();this.entries=[];this.cursor=null;this.failed=[];this.filter="all";this.search="";this.started=!1;this.loading=!1;this.asked=0;this.open="";this.playing="";this.url="";this.calling="";this.saving="";this.blocked=new Set;this.timer=0;this.calls=new Set;this.see=async()=>{await this.hass?.callWS({type:"pbx/seen"}).catch(i=>{this.problem=p(this.hass,i)}),this.requestUpdate()};this.saved=()=>{this.saving="",this.load()};new R(this,["accounts","me"])}static{this.styles=[z,k`
      .tools { display: flex; gap: 8px; flex-wrap: wrap; align-items: center; }
      .tools .chip { min-height: 44px; border-radius: 22px; padding: 0 16px; } .tools input { flex: 1 1 160px; width: auto; }
      h3 { margin: 0; padding: 16px 0 4px; font-size: 14px; line-height: 20px; font-weight: 500; color: var(--secondary-text-color); background: var(--card-background-color, transparent); }
      li { border-radius: 12px; content-visibility: auto; contain-intrinsic-height: auto 56px; margin: 0 -8px; }
      li.open { background: var(--pbx-soft); content-visibility: visible; }
      .row { display: grid; grid-template-columns: 24px minmax(0, 1fr) auto; gap: 16px; align-items: center; width: 100%; min-height: 56px; padding: 8px; box-sizing: border-box; }
      .row:hover { background: var(--pbx-soft); }
      .row .text { display: grid; min-width: 0; } .title { font-size: 15px; line-height: 22px; }
      .sub { font-size: 13px; line-height: 18px; color: var(--secondary-text-color); display: flex; gap: 6px; align-items: center; }
      .sub .icon { width: 14px; height: 14px; }
      .when { text-align: end; font-size: 13px; line-height: 18px; color: var(--secondary-text-color); display: grid; justify-items: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
      .when .icon { width: 16px; height: 16px; }
      .missed > .icon { color: var(--pbx-missed); } .vain > .icon { color: var(--secondary-text-color); } .row > .icon { color: var(--pbx-talking); }
      .row.vain > .icon { color: var(--secondary-text-color); } .row.missed > .icon { color: var(--pbx-missed); }
      .unseen .title { font-weight: 700; } .new { border-radius: 8px; padding: 0 8px; background: color-mix(in srgb, var(--primary-color) 24%, transparent); color: var(--primary-text-color); font-size: 12px; line-height: 16px; flex: none; }
      .details { display: grid; gap: 12px; padding: 4px 8px 12px 48px; }
      .details:dir(rtl) { padding: 4px 48px 12px 8px; }
      dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 4px 16px; margin: 0; font-size: 14px; line-height: 20px; } dt { color: var(--secondary-text-color); } dd { margin: 0; overflow-wrap: anywhere; }
      .actions { display: flex; flex-wrap: wrap; gap: 8px; }
      audio { width: 100%; height: 44px; } blockquote { margin: 0; padding: 8px 12px; border-inline-start: 3px solid var(--pbx-line); font-size: 14px; line-height: 20px; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 240px; overflow: auto; }
      .sentinel { min-height: 1px; }
      @container (max-width: 420px) { .details, .details:dir(rtl) { padding: 4px 8px 12px; } }
    `]}connectedCallback(){super.connectedCallback(),this.stop=u.listen(["calls"],()=>this.noticeEnds())}disconnectedCallback(){super.disconnectedCallback(),this.stop?.(),this.observer?.disconnect(),this.observer=void 0}noticeEnds(){let i=new Set(this.shown.flatMap(s=>Object.keys(s.calls).map(a=>`${s.id}/${a}`))),t=[...this.calls].some(s=>!i.has(s));if(this.calls=i,t)for(let s of D)window.setTimeout(()=>{this.refresh()},s)}get query(){return{type:"pbx/history",limit:this.config.limit??(this.config.short?8:30),...this.config.account&&{account:this.config.account},...this.search&&{search:this.search},...this.filter==="missed"&&{missed:!0},...(this.filter==="incoming"||this.filter==="outgoing")&&{direction:this.filter}}}async load(i=!1){if(!this.hass||i&&(this.loading||!this.cursor))return;let t=++this.asked;this.loading=!0,this.requestUpdate();try{let s=this.filter==="voicemails"?await this.voicemails():await this.hass.callWS({...this.query,...i&&{cursor:this.cursor}});if(t!==this.asked)return;let a=new Set(i?this.entries.map(l):[]),e=s.records.filter(r=>!a.has(l(r)));this.entries=[...i?this.entries:[],...e].slice(-B),this.cursor=s.cursor,this.failed=s.failed}catch(s){this.problem=p(this.hass,s)}this.loading=!1,this.requestUpdate()}async voicemails(){let i=await this.hass.callWS({type:"pbx/voicemails",limit:100,...this.config.account&&{account:this.config.account}});return{records:i.voicemails.map(({time:a,...e})=>({...e,record_id:`voicemail ${e.voicemail_id}`,outcome:"voicemail",direction:"incoming",missed:!0,started_at:a})).filter(a=>P(this.search,`${a.from_name??""} ${a.to_name??""}`,a.from_number??"")),cursor:null,failed:i.failed}}async refresh(){if(!(!this.isConnected||!this.hass||this.loading||this.filter==="voicemails"))try{let i=await this.hass.callWS(this.query),t=new Set(this.entries.map(l)),s=i.records.filter(e=>!t.has(l(e))),a=new Map(i.records.map(e=>[l(e),e]));this.entries=[...s,...this.entries.map(e=>a.get(l(e))??e)],this.config.short&&(this.entries=this.entries.slice(0,this.query.limit)),this.requestUpdate()}catch{}}reset(){this.entries=[],this.cursor=null,this.open="",this.load()}render(){let i=this.shown;!this.started&&u.ready&&this.hass&&i.length&&(this.started=!0,this.noticeEnds(),queueMicrotask(()=>{this.load()}));let t=this.obstacle(i,5);return o`<ha-card>
      <div class="header">${c("incoming")}<h2>${this.config.title??this.word(this.config.short?"recent":"history")}</h2>
        ${this.entries.some(s=>this.unseen(s))?o`<button class="chip" @click=${this.see}>${c("check","small")}${this.word("mark_seen")}</button>`:n}</div>
      ${t??o`
        ${this.config.short?n:this.tools()}
        ${this.problem?this.notice(this.problem,"cancelled"):n}
        ${this.failed.map(s=>o`<div class="notice plain" role="status">${c("away")}<span><bdi>${u.known.accounts.get(s.account)?.title??""}</bdi>: ${p(this.hass,s)}</span></div>`)}
        ${this.entries.length?this.days(i):this.loading||!this.started?o`${Array.from({length:5},()=>o`<div class="skeleton"></div>`)}`:o`<div class="empty">${c("incoming")}<span>${this.word("no_calls")}</span></div>`}
        ${this.cursor&&!this.config.short?o`<div class="sentinel"></div><button class="wide" ?disabled=${this.loading} @click=${()=>this.load(!0)}>${this.word("show_more")}</button>`:n}`}
    </ha-card>`}tools(){let i=(t,s)=>o`<button class="chip" aria-pressed=${this.filter===t} @click=${()=>{this.filter!==t&&(this.filter=t,this.reset())}}>${s}</button>`;return o`<div class="tools">
      ${i("all",this.word("all_calls"))}${i("missed",this.word("missed"))}${i("incoming",g(this.hass,"incoming"))}${i("outgoing",g(this.hass,"outgoing"))}
      ${this.shown.some(t=>t.can.includes("voicemails"))?i("voicemails",this.word("voicemails")):n}
      <input type="search" placeholder=${this.word("find")} aria-label=${this.word("find")} @input=${t=>this.searched(t.target.value)} />
    </div>`}searched(i){clearTimeout(this.timer),this.timer=window.setTimeout(()=>{this.search=i.trim(),this.reset()},j)}days(i){let t=[],s="";for(let e of this.entries){let r=e.started_at?new Date(e.started_at):void 0,d=r?this.times.dayKey(r):"";(d!==s||!t.length)&&t.push({word:r?this.times.dayWord(r):"",entries:[]}),s=d,t[t.length-1].entries.push(e)}let a=i.length>1;return o`${t.map(e=>o`<section>${e.word?o`<h3>${e.word}</h3>`:n}<ol>${e.entries.map(r=>this.row(r,a))}</ol></section>`)}`}row(i,t){let s=l(i),a=u.known.accounts.get(i.account),e=i.direction==="outgoing",r=i.missed===!0,d=!r&&H.has(i.outcome),b=r?"missed":i.direction??"incoming",h=(e?i.to_name:i.from_name)??"",f=(e?i.to_number:i.from_number)??"",$=e?i.from_name||i.extension_name||i.extension||i.from_number:i.answered_by_name||i.to_name||i.extension_name||i.answered_by||i.extension||i.to_number,N=this.unseen(i),x=W(this.hass,i.outcome),_=i.started_at?new Date(i.started_at):void 0;return o`<li class=${this.open===s?"open":""} data-record=${i.record_id}>
      <button class="row ${r?"missed":d?"vain":""} ${N?"unseen":""}" aria-expanded=${this.open===s} @click=${()=>this.toggle(s)}>
        ${i.outcome==="voicemail"?q(y):c(b)}
        <span class="text">
          <span class="title cut">${h?o`<bdi>${h}</bdi>`:f?w(f):this.word("hidden_number")}<span class="sr">, ${i.direction?g(this.hass,i.direction):""}, ${x}</span></span>
          <span class="sub"><span class="cut">${r||d?o`${x} · `:n}${$?o`${c(e?"dialing":"arrow","arrow inline")}<bdi>${$}</bdi>`:n}</span>
            ${i.unread?o`<span class="new">${this.word("unread")}</span>`:n}
            ${t&&a?o`<span class="account" style="--hue:${C(a.id)}"><bdi class="cut">${T(a)}</bdi></span>`:n}</span>
        </span>
        <span class="when"><span>${_?this.times.time(_):""}</span>
          <span>${i.duration?m(i.duration):i.recording_id||i.voicemail?n:o`&nbsp;`}${i.recording_id?o`<span class="sr">, ${this.word("play")}</span>`:n}</span></span>
      </button>
      ${this.open===s?this.details(i,a,h,f):n}
    </li>`}unseen(i){if(i.voicemail_id)return i.unread===!0;let{seen:t}=this.myChoice;return i.missed===!0&&t!==null&&(i.started_at??"")>t}details(i,t,s,a){let e=l(i),r=a&&!a.includes("\u2022"),d=(b,h)=>h?o`<dt>${b}</dt><dd>${h}</dd>`:n;return o`<div class="details">
      <dl>
        ${d(this.word("number"),s&&a?w(a):"")}
        ${d(I(this.hass),i.answered_by_name||i.answered_by)}
        ${d(this.word("rang"),i.ring_time?m(i.ring_time):"")}
        ${d(U(this.hass),i.duration?m(i.duration):"")}
      </dl>
      ${i.summary?o`<div><span class="muted">${this.word("summary")}</span><blockquote>${i.summary}</blockquote></div>`:n}
      ${i.transcription?o`<div><span class="muted">${this.word("transcript")}</span><blockquote>${i.transcription}</blockquote></div>`:n}
      <div class="actions">
        ${(i.voicemail_id||i.recording_id&&t?.can.includes("recordings"))&&this.playing!==e?o`<button class="wide" @click=${()=>this.play(i)}>${c("play")}${this.word(i.voicemail_id?"play_voicemail":"play")}</button>`:n}
        ${r&&E(this.mine?.account)?o`<button class="wide go" ?disabled=${this.calling===e} @click=${()=>this.callBack(e,a)}>${c("phone")}${this.word("call_back")}</button>`:n}
        ${r&&!s?o`<button class="wide" aria-expanded=${this.saving===e} @click=${()=>this.openSaver(e)}>${c("add")}${this.word("add_contact")}</button>`:n}
        ${r&&i.direction==="incoming"?o`<button class="wide" ?disabled=${this.blocked.has(a)} @click=${()=>this.block(s,a)}>${c("dnd")}${this.word(this.blocked.has(a)?"blocked":"block")}</button>`:n}
      </div>
      ${this.saving===e?o`<pbx-saver .hass=${this.hass} .number=${a} @pbx-saved=${this.saved}></pbx-saver>`:n}
      ${this.playing===e&&this.url?o`<audio controls autoplay src=${this.url} aria-label=${this.word("play")}></audio>`:n}
    </div>`}toggle(i){this.open=this.open===i?"":i,this.playing=this.problem=this.saving="",this.requestUpdate()}async openSaver(i){await this.have(M())&&(this.saving=this.saving===i?"":i,this.requestUpdate())}async block(i,t){this.problem="";try{await this.hass.callService("pbx","add_to_phone_book",{name:i||t,numbers:[t],groups:["blocked"]},void 0,!1),this.blocked.add(t)}catch(s){this.problem=p(this.hass,s)}this.requestUpdate()}async callBack(i,t){this.calling=i,await this.place(S(t)),this.calling="",this.requestUpdate()}async play(i){this.problem="";try{let t=i.voicemail_id?`voicemail/${i.voicemail_id}`:`recording/${i.recording_id}`,s=`media-source://pbx/${i.account}/${t}`,a=await this.hass.callWS({type:"media_source/resolve_media",media_content_id:s});[this.playing,this.url]=[l(i),a.url]}catch(t){this.problem=p(this.hass,t)}this.requestUpdate()}updated(i){super.updated(i);let t=this.renderRoot.querySelector(".sentinel");this.observer?.disconnect(),t&&(this.observer??=new IntersectionObserver(s=>{s.some(a=>a.isIntersecting)&&this.load(!0)},{rootMargin:"400px"}),this.observer.observe(t))}};export{O as ListCard};
