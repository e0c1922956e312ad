import{e as $}from"./chunk-LS6ML6DL.js";import{$ as M,F as T,L as A,P as S,V as q,X as F,Y as L,Z as v,a as _,b as s,d as r,j as k,k as z,l as O,p as b,q as u,s as R,t as h,w as j,x as C}from"./chunk-IOEDJLHL.js";var W={available:"talking",talking:"ringing",busy:"ringing",on_hold:"on_hold",paused:"on_hold"},I=class extends M{constructor(){super();this.busy="";this.fill=()=>{this.renderRoot.querySelector("ha-card")?.requestFullscreen()};new A(this,["queues","agents","calls","accounts"])}static{this.styles=[q,_`
      .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(280px, 100%), 1fr)); gap: 16px; }
      .queue { border-radius: 16px; background: var(--pbx-soft); padding: 16px; display: grid; gap: 12px; align-content: start; border-block-start: 6px solid var(--pbx-talking); }
      .queue.late { border-color: var(--pbx-ringing); background: color-mix(in srgb, var(--pbx-ringing) 16%, transparent); }
      .queue.too { border-color: var(--pbx-missed); background: color-mix(in srgb, var(--pbx-missed) 18%, transparent); }
      .queue.unknown { border-color: var(--pbx-idle); }
      h3 { margin: 0; font-size: 20px; line-height: 28px; font-weight: 500; }
      .figures { display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: end; }
      .figure { display: grid; min-width: 0; } .figure b { font-size: 24px; line-height: 32px; font-weight: 500; font-variant-numeric: tabular-nums; }
      .figure span { font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      .figure.big b { font-size: 64px; line-height: 64px; font-weight: 600; }
      .poor b::after, .middling b::after { content: ""; display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-inline-start: 6px; vertical-align: 0.15em; background: var(--pbx-missed); }
      .middling b::after { background: var(--pbx-ringing); }
      .callers { display: grid; gap: 4px; } .callers li { display: flex; gap: 8px; align-items: center; font-size: 16px; line-height: 24px; }
      .callers .icon { width: 20px; height: 20px; color: var(--pbx-ringing); }
      .agents { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(260px, 100%), 1fr)); gap: 8px; }
      .agent { display: flex; gap: 12px; align-items: center; padding: 8px; border-radius: 12px; background: var(--pbx-soft); min-height: 44px; }
      .agent .text { display: grid; flex: 1; min-width: 0; } .agent .title { font-size: 14px; line-height: 20px; font-weight: 500; } .agent .sub { font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      .agent .avatar::after { display: none; }
      h4 { margin: 16px 0 0; font-size: 14px; line-height: 20px; font-weight: 500; color: var(--secondary-text-color); }
      ha-card:fullscreen { border-radius: 0; padding: 24px; overflow: auto; font-size: 1.2em; }
      ha-card:fullscreen .round.full { display: none; }
      ha-card:fullscreen .grid { grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); }
      ha-card:fullscreen h3 { font-size: 40px; line-height: 48px; }
      ha-card:fullscreen .figure.big b { font-size: 160px; line-height: 152px; } ha-card:fullscreen .figure b { font-size: 56px; line-height: 64px; }
      ha-card:fullscreen .figure span { font-size: 24px; line-height: 32px; } ha-card:fullscreen .callers li { font-size: 32px; line-height: 44px; }
      ha-card:fullscreen .agent .title { font-size: 24px; line-height: 32px; } ha-card:fullscreen .agent .sub { font-size: 18px; line-height: 24px; }
      ha-card:fullscreen .agent .round { display: none; }
    `]}render(){let a=this.shown.filter(t=>Object.keys(t.queues).length||Object.keys(t.agents).length),e=a.flatMap(t=>Object.values(t.queues).map(n=>({account:t,queue:n}))),i=this.config.agents===!1?[]:a.flatMap(t=>Object.values(t.agents).map(n=>({account:t,agent:n}))),d=this.obstacle(this.shown,2);return s`<ha-card>
      <div class="header">${u("agents")}<h2>${this.config.title??this.word("queues")}</h2>
        ${document.fullscreenEnabled?s`<button class="round bare full" title=${this.word("full_screen")} aria-label=${this.word("full_screen")} @click=${this.fill}>${b(k)}</button>`:r}</div>
      ${this.notices(a)}
      ${d??s`
        ${e.length||i.length?r:s`<div class="empty">${u("agents")}<span>${this.word("no_queues")}</span></div>`}
        ${e.length?s`<div class="grid">${$(e,({account:t,queue:n})=>`${t.id}/${n.id}`,({account:t,queue:n})=>this.queue(t,n))}</div>`:r}
        ${i.length&&e.length?s`<h4>${this.word("agents")}</h4>`:r}
        ${i.length?s`<div class="agents">${$(i,({account:t,agent:n})=>`${t.id}/${n.id}`,({account:t,agent:n})=>this.agent(t,n))}</div>`:r}`}
    </ha-card>`}queue(a,e){let i=Object.values(a.calls).filter(g=>C(g,e)&&j(g)).sort((g,x)=>h(g)-h(x)),d=e.waiting??(i.length||void 0),t=i.length?(Date.now()-h(i[0]))/1e3:e.longest_wait,n=this.config.wait??60,f=d&&t!==void 0?t>=2*n?"too":t>=n?"late":"":d===void 0?"unknown":"",o=(e.answered??0)+(e.abandoned??0)>0||e.answered===void 0&&e.abandoned===void 0?e.service_level:void 0,l=this.config.service_level??80,c=o===void 0?"":o<l-15?"poor":o<l?"middling":"",p=(g,x,P="")=>s`<div class="figure ${P}"><b>${x}</b><span class="cut">${g}</span></div>`,y=Object.values(e.members??{}),m=e.agents_logged_in??(y.length?y.filter(Boolean).length:void 0);return s`<section class="queue ${f}" data-queue=${e.id}>
      <h3 class="cut"><bdi>${e.name||e.number||e.id}</bdi></h3>
      <div class="figures">
        ${p(this.word("waiting"),d??"\u2013","big")}
        ${t!==void 0&&d?p(this.word("longest_wait"),i.length?v(h(i[0])):T(t)):r}
        ${m!==void 0?p(this.word("agents"),e.agents_available!==void 0?`${e.agents_available}/${m}`:m):r}
        ${o!==void 0?p(this.word("in_time"),this.percent(o),c):r}
      </div>
      ${i.length?s`<ul class="callers">${i.slice(0,5).map(g=>this.caller(g))}</ul>`:r}
    </section>`}percent(a){return new Intl.NumberFormat(this.hass?.locale.language,{style:"percent"}).format(Math.round(a)/100)}caller(a){return s`<li>${u("clock")}<span class="grow cut">${F(R(a),this.word("hidden_number"))}</span>${v(h(a))}</li>`}agent(a,e){let i=e.status??(e.logged_in===!1?"logged_out":e.paused?"paused":e.logged_in?"available":"unavailable"),d=i==="logged_out"||e.logged_in===!1,t=e.paused||i==="paused",n=e.name||e.number||e.id,f=Object.entries(e.queues??{}).filter(([,l])=>l).map(([l])=>Object.values(a.queues).find(c=>c.id===l||c.number===l)?.name??l),w=l=>a.can.includes(l),o=(l,c,p)=>w(l)?s`<button class="round" title=${this.word(p)} aria-label="${this.word(p)}: ${n}" ?disabled=${this.busy===e.id} @click=${()=>this.command(a,e,l)}>${c}</button>`:r;return s`<div class="agent" data-agent=${e.id} data-status=${i}>
      ${L(e.name??"",e.id,d?void 0:W[i])}
      <span class="text"><span class="title cut"><bdi>${n}</bdi></span><span class="sub cut">${S(this.hass,i)}${f.length?s` · <bdi>${f.join(", ")}</bdi>`:r}</span></span>
      ${d?o("agent_login",b(z,"flip"),"log_in"):s`${t?o("agent_unpause",u("play","flip"),"unpause"):o("agent_pause",u("pause"),"pause")}${o("agent_logout",b(O,"flip"),"log_out")}`}
    </div>`}async command(a,e,i){this.busy=e.id,await this.act(a,i,{agent:e.id}),this.busy="",this.requestUpdate()}};export{I as QueuesCard};
