import{A as T,B as C,C as g,D as R,E as x,J as S,a as k,b as e,d as a,f as c,o as v,r as m,s as y,t as q,y as E,z as b}from"./chunk-6ZZ5QXW6.js";var I=new Set(["missed","busy","failed","cancelled","rejected","no_answer"]),A=400,z=400,M=[3e3,12e3],l=w=>`${w.account}/${w.record_id}`,W=class extends S{constructor(){super();this.entries=[];this.cursor=null;this.failed=[];this.filter="all";this.search="";this.started=!1;this.loading=!1;this.asked=0;this.open="";this.playing="";this.url="";this.calling="";this.timer=0;this.calls=new Set;this.see=async()=>{await this.hass?.callWS({type:"pbx/seen"}).catch(i=>{this.problem=g(this.hass,i)}),this.requestUpdate()};new q(this,["accounts","me"])}static{this.styles=[R,k`
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
      .unseen .title { font-weight: 700; }
      .account::before { content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 2px; margin-inline-end: 6px; background: hsl(var(--hue) 55% 50%); }
      .details { display: grid; gap: 12px; padding: 4px 8px 12px 48px; }
      .details:dir(rtl) { padding: 4px 48px 12px 8px; }
      dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 4px 16px; margin: 0; font-size: 14px; line-height: 20px; } dt { color: var(--secondary-text-color); } dd { margin: 0; overflow-wrap: anywhere; }
      .actions { display: flex; flex-wrap: wrap; gap: 8px; }
      audio { width: 100%; height: 44px; } blockquote { margin: 0; padding: 8px 12px; border-inline-start: 3px solid var(--pbx-line); font-size: 14px; line-height: 20px; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 240px; overflow: auto; }
      .sentinel { min-height: 1px; }
      @container (max-width: 420px) { .details, .details:dir(rtl) { padding: 4px 8px 12px; } }
    `]}connectedCallback(){super.connectedCallback(),this.stop=m.listen(["calls"],()=>this.noticeEnds())}disconnectedCallback(){super.disconnectedCallback(),this.stop?.(),this.observer?.disconnect(),this.observer=void 0}noticeEnds(){let i=new Set(this.shown.flatMap(t=>Object.keys(t.calls).map(o=>`${t.id}/${o}`))),s=[...this.calls].some(t=>!i.has(t));if(this.calls=i,s)for(let t of M)window.setTimeout(()=>{this.refresh()},t)}get query(){return{type:"pbx/history",limit:this.config.limit??(this.config.short?8:30),...this.config.account&&{account:this.config.account},...this.search&&{search:this.search},...this.filter==="missed"&&{outcome:"missed"},...(this.filter==="incoming"||this.filter==="outgoing")&&{direction:this.filter}}}async load(i=!1){if(!this.hass||i&&(this.loading||!this.cursor))return;let s=++this.asked;this.loading=!0,this.requestUpdate();try{let t=await this.hass.callWS({...this.query,...i&&{cursor:this.cursor}});if(s!==this.asked)return;let o=new Set(i?this.entries.map(l):[]),n=t.records.filter(r=>!o.has(l(r)));this.entries=[...i?this.entries:[],...n].slice(-z),this.cursor=t.cursor,this.failed=t.failed}catch(t){this.problem=g(this.hass,t)}this.loading=!1,this.requestUpdate()}async refresh(){if(!(!this.isConnected||!this.hass||this.loading))try{let i=await this.hass.callWS(this.query),s=new Set(this.entries.map(l)),t=i.records.filter(n=>!s.has(l(n))),o=new Map(i.records.map(n=>[l(n),n]));this.entries=[...t,...this.entries.map(n=>o.get(l(n))??n)],this.config.short&&(this.entries=this.entries.slice(0,this.query.limit)),this.requestUpdate()}catch{}}reset(){this.entries=[],this.cursor=null,this.open="",this.load()}render(){let i=this.shown;!this.started&&m.ready&&this.hass&&i.length&&(this.started=!0,this.noticeEnds(),queueMicrotask(()=>{this.load()}));let s=this.obstacle(i,5);return e`<ha-card>
      <div class="header">${c("incoming")}<h2>${this.config.title??this.word(this.config.short?"recent":"history")}</h2>
        ${this.entries.some(t=>this.unseen(t))?e`<button class="chip" @click=${this.see}>${c("check","small")}${this.word("mark_seen")}</button>`:a}</div>
      ${s??e`
        ${this.config.short?a:this.tools()}
        ${this.problem?this.notice(this.problem,"cancelled"):a}
        ${this.failed.map(t=>e`<div class="notice plain" role="status">${c("away")}<span><bdi>${m.known.accounts.get(t.account)?.title??""}</bdi>: ${g(this.hass,t)}</span></div>`)}
        ${this.entries.length?this.days(i):this.loading||!this.started?e`${Array.from({length:5},()=>e`<div class="skeleton"></div>`)}`:e`<div class="empty">${c("incoming")}<span>${this.word("no_calls")}</span></div>`}
        ${this.cursor&&!this.config.short?e`<div class="sentinel"></div><button class="wide" ?disabled=${this.loading} @click=${()=>this.load(!0)}>${this.word("show_more")}</button>`:a}`}
    </ha-card>`}tools(){let i=(s,t)=>e`<button class="chip" aria-pressed=${this.filter===s} @click=${()=>{this.filter!==s&&(this.filter=s,this.reset())}}>${t}</button>`;return e`<div class="tools">
      ${i("all",this.word("all_calls"))}${i("missed",this.word("missed"))}${i("incoming",b(this.hass,"incoming"))}${i("outgoing",b(this.hass,"outgoing"))}
      <input type="search" placeholder=${this.word("find")} aria-label=${this.word("find")} @input=${s=>this.searched(s.target.value)} />
    </div>`}searched(i){clearTimeout(this.timer),this.timer=window.setTimeout(()=>{this.search=i.trim(),this.reset()},A)}days(i){let s=[],t="";for(let n of this.entries){let r=n.started_at?new Date(n.started_at):void 0,d=r?this.times.dayKey(r):"";(d!==t||!s.length)&&s.push({word:r?this.times.dayWord(r):"",entries:[]}),t=d,s[s.length-1].entries.push(n)}let o=i.length>1;return e`${s.map(n=>e`<section>${n.word?e`<h3>${n.word}</h3>`:a}<ol>${n.entries.map(r=>this.row(r,o))}</ol></section>`)}`}row(i,s){let t=l(i),o=m.known.accounts.get(i.account),n=i.direction==="outgoing",r=i.outcome==="missed"||i.outcome==="voicemail",d=!r&&I.has(i.outcome),f=i.outcome==="voicemail"?"voicemail":r?"missed":i.direction??"incoming",h=(n?i.to_name:i.from_name)??"",p=(n?i.to_number:i.from_number)??"",u=n?i.from_name||i.extension_name||i.extension||i.from_number:i.answered_by_name||i.to_name||i.extension_name||i.answered_by||i.extension||i.to_number,P=this.unseen(i),$=E(this.hass,i.outcome),_=i.started_at?new Date(i.started_at):void 0;return e`<li class=${this.open===t?"open":""} data-record=${i.record_id}>
      <button class="row ${r?"missed":d?"vain":""} ${P?"unseen":""}" aria-expanded=${this.open===t} @click=${()=>this.toggle(t)}>
        ${c(f)}
        <span class="text">
          <span class="title cut">${h?e`<bdi>${h}</bdi>`:p?x(p):this.word("hidden_number")}<span class="sr">, ${i.direction?b(this.hass,i.direction):""}, ${$}</span></span>
          <span class="sub"><span class="cut">${r||d?e`${$} · `:a}${u?e`${c(n?"dialing":"arrow","arrow inline")}<bdi>${u}</bdi>`:a}</span>
            ${s&&o?e`<span class="account cut" style="--hue:${y(o.id)}"><bdi>${o.title}</bdi></span>`:a}</span>
        </span>
        <span class="when"><span>${_?this.times.time(_):""}</span>
          <span>${i.duration?v(i.duration):i.recording_id||i.voicemail?a:e`&nbsp;`}${i.recording_id?e`<span class="sr">, ${this.word("play")}</span>`:a}</span></span>
      </button>
      ${this.open===t?this.details(i,o,h,p):a}
    </li>`}unseen(i){let{seen:s}=this.myChoice;return(i.outcome==="missed"||i.outcome==="voicemail")&&s!==null&&(i.started_at??"")>s}details(i,s,t,o){let n=l(i),r=this.mine,d=r?.account.can.includes("click_to_call")?"click_to_call":r?.account.can.includes("originate")?"originate":"",f=o&&!o.includes("\u2022"),h=(p,u)=>u?e`<dt>${p}</dt><dd>${u}</dd>`:a;return e`<div class="details">
      <dl>
        ${h(this.word("number"),t&&o?x(o):"")}
        ${h(T(this.hass),i.answered_by_name||i.answered_by)}
        ${h(this.word("waiting"),i.ring_time?v(i.ring_time):"")}
        ${h(C(this.hass),i.duration?v(i.duration):"")}
      </dl>
      ${i.summary?e`<div><span class="muted">${this.word("summary")}</span><blockquote>${i.summary}</blockquote></div>`:a}
      ${i.transcription?e`<div><span class="muted">${this.word("transcript")}</span><blockquote>${i.transcription}</blockquote></div>`:a}
      <div class="actions">
        ${i.recording_id&&s?.can.includes("recordings")&&this.playing!==n?e`<button class="wide" @click=${()=>this.play(i)}>${c("play")}${this.word("play")}</button>`:a}
        ${f&&d?e`<button class="wide go" ?disabled=${this.calling===n} @click=${()=>this.callBack(n,r.account,d,o)}>${c("phone")}${this.word("call_back")}</button>`:a}
      </div>
      ${this.playing===n&&this.url?e`<audio controls autoplay src=${this.url} aria-label=${this.word("play")}></audio>`:a}
    </div>`}toggle(i){this.open=this.open===i?"":i,this.playing=this.problem="",this.requestUpdate()}async callBack(i,s,t,o){this.calling=i,await this.act(s,t,{extension:this.mine.extension.number,number:o}),this.calling="",this.requestUpdate()}async play(i){this.problem="";try{let s=`media-source://pbx/${i.account}/recording/${i.recording_id}`,t=await this.hass.callWS({type:"media_source/resolve_media",media_content_id:s});[this.playing,this.url]=[l(i),t.url]}catch(s){this.problem=g(this.hass,s)}this.requestUpdate()}updated(i){super.updated(i);let s=this.renderRoot.querySelector(".sentinel");this.observer?.disconnect(),s&&(this.observer??=new IntersectionObserver(t=>{t.some(o=>o.isIntersecting)&&this.load(!0)},{rootMargin:"400px"}),this.observer.observe(s))}};export{W as ListCard};
