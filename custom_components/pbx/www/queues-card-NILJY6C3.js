import{e as w}from"./chunk-LS6ML6DL.js";import{$ as N,F as A,J as v,K as S,L as q,P as F,V as L,X as M,Y as I,Z as $,a as k,b as s,d as l,j as z,k as O,l as R,p as b,q as u,s as j,t as h,w as C,x as T}from"./chunk-IOEDJLHL.js";var B={available:"talking",talking:"ringing",busy:"ringing",on_hold:"on_hold",paused:"on_hold"},P=class extends N{constructor(){super();this.busy="";this.several=!1;this.fill=()=>{this.renderRoot.querySelector("ha-card")?.requestFullscreen()};new q(this,["queues","agents","calls","accounts"])}static{this.styles=[L,k`
      .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(280px, 100%), 1fr)); gap: 16px; }
      .queue { border-radius: 16px; background: var(--pbx-soft); padding: 16px; display: grid; gap: 12px; align-content: start; border-block-start: 6px solid var(--pbx-talking); }
      .queue.late { border-color: var(--pbx-ringing); background: color-mix(in srgb, var(--pbx-ringing) 16%, transparent); }
      .queue.too { border-color: var(--pbx-missed); background: color-mix(in srgb, var(--pbx-missed) 18%, transparent); }
      .queue.unknown { border-color: var(--pbx-idle); }
      .top { display: flex; align-items: baseline; gap: 12px; } .top .account { font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      h3 { margin: 0; min-width: 0; flex: 1 0 auto; max-width: 100%; font-size: 20px; line-height: 28px; font-weight: 500; }
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
      ha-card:fullscreen h3 { font-size: 40px; line-height: 48px; } ha-card:fullscreen .top .account { font-size: 24px; line-height: 32px; }
      ha-card:fullscreen .figure.big b { font-size: 160px; line-height: 152px; } ha-card:fullscreen .figure b { font-size: 56px; line-height: 64px; }
      ha-card:fullscreen .figure span { font-size: 24px; line-height: 32px; } ha-card:fullscreen .callers li { font-size: 32px; line-height: 44px; }
      ha-card:fullscreen .agent .title { font-size: 24px; line-height: 32px; } ha-card:fullscreen .agent .sub { font-size: 18px; line-height: 24px; }
      ha-card:fullscreen .agent .round { display: none; }
    `]}render(){let i=this.shown.filter(t=>Object.keys(t.queues).length||Object.keys(t.agents).length),e=i.flatMap(t=>Object.values(t.queues).map(a=>({account:t,queue:a}))),n=this.config.agents===!1?[]:i.flatMap(t=>Object.values(t.agents).map(a=>({account:t,agent:a}))),d=this.obstacle(this.shown,2);return this.several=i.length>1,s`<ha-card>
      <div class="header">${u("agents")}<h2>${this.config.title??this.word("queues")}</h2>
        ${document.fullscreenEnabled?s`<button class="round bare full" title=${this.word("full_screen")} aria-label=${this.word("full_screen")} @click=${this.fill}>${b(z)}</button>`:l}</div>
      ${this.notices(i)}
      ${d??s`
        ${e.length||n.length?l:s`<div class="empty">${u("agents")}<span>${this.word("no_queues")}</span></div>`}
        ${e.length?s`<div class="grid">${w(e,({account:t,queue:a})=>`${t.id}/${a.id}`,({account:t,queue:a})=>this.queue(t,a))}</div>`:l}
        ${n.length&&e.length?s`<h4>${this.word("agents")}</h4>`:l}
        ${n.length?s`<div class="agents">${w(n,({account:t,agent:a})=>`${t.id}/${a.id}`,({account:t,agent:a})=>this.agent(t,a))}</div>`:l}`}
    </ha-card>`}queue(i,e){let n=Object.values(i.calls).filter(p=>T(p,e)&&C(p)).sort((p,x)=>h(p)-h(x)),d=e.waiting??(n.length||void 0),t=n.length?(Date.now()-h(n[0]))/1e3:e.longest_wait,a=this.config.wait??60,f=d&&t!==void 0?t>=2*a?"too":t>=a?"late":"":d===void 0?"unknown":"",o=(e.answered??0)+(e.abandoned??0)>0||e.answered===void 0&&e.abandoned===void 0?e.service_level:void 0,r=this.config.service_level??80,c=o===void 0?"":o<r-15?"poor":o<r?"middling":"",g=(p,x,W="")=>s`<div class="figure ${W}"><b>${x}</b><span class="cut">${p}</span></div>`,_=Object.values(e.members??{}),m=e.agents_logged_in??(_.length?_.filter(Boolean).length:void 0);return s`<section class="queue ${f}" data-queue=${e.id}>
      <div class="top"><h3 class="cut"><bdi>${e.name||e.number||e.id}</bdi></h3>
        ${this.several?s`<span class="account" style="--hue:${S(i.id)}"><bdi class="cut">${v(i)}</bdi></span>`:l}</div>
      <div class="figures">
        ${g(this.word("waiting"),d??"\u2013","big")}
        ${t!==void 0&&d?g(this.word("longest_wait"),n.length?$(h(n[0])):A(t)):l}
        ${m!==void 0?g(this.word("agents"),e.agents_available!==void 0?`${e.agents_available}/${m}`:m):l}
        ${o!==void 0?g(this.word("in_time"),this.percent(o),c):l}
      </div>
      ${n.length?s`<ul class="callers">${n.slice(0,5).map(p=>this.caller(p))}</ul>`:l}
    </section>`}percent(i){return new Intl.NumberFormat(this.hass?.locale.language,{style:"percent"}).format(Math.round(i)/100)}caller(i){return s`<li>${u("clock")}<span class="grow cut">${M(j(i),this.word("hidden_number"))}</span>${$(h(i))}</li>`}agent(i,e){let n=e.status??(e.logged_in===!1?"logged_out":e.paused?"paused":e.logged_in?"available":"unavailable"),d=n==="logged_out"||e.logged_in===!1,t=e.paused||n==="paused",a=e.name||e.number||e.id,f=Object.entries(e.queues??{}).filter(([,r])=>r).map(([r])=>Object.values(i.queues).find(c=>c.id===r||c.number===r)?.name??r),y=r=>i.can.includes(r),o=(r,c,g)=>y(r)?s`<button class="round" title=${this.word(g)} aria-label="${this.word(g)}: ${a}" ?disabled=${this.busy===`${i.id}/${e.id}`} @click=${()=>this.command(i,e,r)}>${c}</button>`:l;return s`<div class="agent" data-agent=${e.id} data-status=${n}>
      ${I(e.name??"",e.id,d?void 0:B[n])}
      <span class="text"><span class="title cut"><bdi>${a}</bdi></span><span class="sub cut">${F(this.hass,n)}${f.length?s` · <bdi>${f.join(", ")}</bdi>`:l}${this.several?s` · <bdi>${v(i)}</bdi>`:l}</span></span>
      ${d?o("agent_login",b(O,"flip"),"log_in"):s`${t?o("agent_unpause",u("play","flip"),"unpause"):o("agent_pause",u("pause"),"pause")}${o("agent_logout",b(R,"flip"),"log_out")}`}
    </div>`}async command(i,e,n){this.busy=`${i.id}/${e.id}`,await this.act(i,n,{agent:e.id}),this.busy="",this.requestUpdate()}};export{P as QueuesCard};
