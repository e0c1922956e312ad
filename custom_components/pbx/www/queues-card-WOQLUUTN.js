import{a as k}from"./chunk-3C7BZ5ZY.js";import"./chunk-GNQTT7CJ.js";import{$ as F,I as M,O as w,P as y,Q as P,R as S,V as q,a as C,b as a,ba as I,ca as L,d as l,da as _,ha as N,j as T,k as O,l as R,p as b,q as g,s as j,u as h,y as A,z as W}from"./chunk-VEAHNQSQ.js";var E={available:"talking",talking:"ringing",busy:"ringing",on_hold:"on_hold",paused:"on_hold"},B=class extends N{constructor(){super();this.several=!1;this.turns=[];this.timer=0;this.fill=()=>{this.renderRoot.querySelector("ha-card")?.requestFullscreen()};new S(this,["queues","agents","calls","accounts"])}static{this.styles=[F,C`
      .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(280px, 100%), 1fr)); gap: 16px; }
      .queue { border-radius: 16px; background: var(--pbx-soft); padding: 16px; display: grid; grid-template-columns: minmax(0, 1fr); gap: 12px; align-content: start; border-block-start: 6px solid var(--pbx-talking); }
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
      .callers { display: grid; grid-template-columns: minmax(0, 1fr); gap: 4px; } .callers li { display: flex; gap: 8px; align-items: center; font-size: 16px; line-height: 24px; }
      .callers .icon { width: 20px; height: 20px; color: var(--pbx-ringing); }
      .agents { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(260px, 100%), 1fr)); gap: 8px; }
      .agent { display: flex; flex-wrap: wrap; gap: 12px; align-items: center; padding: 8px; border-radius: 12px; background: var(--pbx-soft); min-height: 44px; }
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
    `]}render(){let i=this.shown.filter(t=>Object.keys(t.queues).length||Object.keys(t.agents).length),e=i.flatMap(t=>Object.values(t.queues).map(s=>({account:t,queue:s}))),n=this.config.agents===!1?[]:i.flatMap(t=>Object.values(t.agents).map(s=>({account:t,agent:s}))),o=this.obstacle(this.shown,2);return this.several=i.length>1,this.turns=[],a`<ha-card>
      <div class="header">${g("agents")}<h2>${this.config.title??this.word("queues")}</h2>
        ${document.fullscreenEnabled?a`<button class="round bare full" title=${this.word("full_screen")} aria-label=${this.word("full_screen")} @click=${this.fill}>${b(T)}</button>`:l}</div>
      ${this.notices(i)}
      ${o??a`
        ${e.length||n.length?l:a`<div class="empty">${g("agents")}<span>${this.word("no_queues")}</span></div>`}
        ${e.length?a`<div class="grid">${k(e,({account:t,queue:s})=>`${t.id}/${s.id}`,({account:t,queue:s})=>this.queue(t,s))}</div>`:l}
        ${n.length&&e.length?a`<h4>${this.word("agents")}</h4>`:l}
        ${n.length?a`<div class="agents">${k(n,({account:t,agent:s})=>`${t.id}/${s.id}`,({account:t,agent:s})=>this.agent(t,s))}</div>`:l}`}
    </ha-card>`}updated(i){super.updated(i),clearTimeout(this.timer);let e=w(),n=Math.min(...this.turns.filter(o=>o>e));this.isConnected&&n<1/0&&(this.timer=window.setTimeout(()=>this.requestUpdate(),n-e+1))}disconnectedCallback(){super.disconnectedCallback(),clearTimeout(this.timer)}queue(i,e){let n=Object.values(i.calls).filter(d=>W(d,e)&&A(d)).sort((d,$)=>h(d)-h($)),o=e.waiting??(n.length||void 0),t=n.map(h).find(Boolean),s=t?(w()-t)/1e3:e.longest_wait,p=this.config.wait??60;t&&this.turns.push(...[p,2*p].map(d=>t+d*1e3));let x=o&&s!==void 0?s>=2*p?"too":s>=p?"late":"":o===void 0?"unknown":"",r=(e.answered??0)+(e.abandoned??0)>0||e.answered===void 0&&e.abandoned===void 0?e.service_level:void 0,c=this.config.service_level??80,f=r===void 0?"":r<c-15?"poor":r<c?"middling":"",m=(d,$,V="")=>a`<div class="figure ${V}"><b>${$}</b><span class="cut">${d}</span></div>`,z=Object.values(e.members??{}),v=e.agents_logged_in??(z.length?z.filter(Boolean).length:void 0);return a`<section class="queue ${x}" data-queue=${e.id}>
      <div class="top"><h3 class="cut"><bdi>${e.name||e.number||e.id}</bdi></h3>
        ${this.several?a`<span class="account" style="--hue:${P(i.id)}"><bdi class="cut">${y(i)}</bdi></span>`:l}</div>
      <div class="figures">
        ${m(this.word("waiting"),o??"\u2013","big")}
        ${s!==void 0&&o?m(this.word("longest_wait"),t?_(t):M(s)):l}
        ${v!==void 0?m(this.word("agents"),e.agents_available!==void 0?`${e.agents_available}/${v}`:v):l}
        ${r!==void 0?m(this.word("in_time"),this.percent(r),f):l}
      </div>
      ${n.length?a`<ul class="callers">${n.slice(0,5).map(d=>this.caller(d))}</ul>`:l}
    </section>`}percent(i){return new Intl.NumberFormat(this.hass?.locale.language,{style:"percent"}).format(Math.round(i)/100)}caller(i){return a`<li>${g("clock")}<span class="grow cut">${I(j(i),this.word("hidden_number"))}</span>${_(h(i))}</li>`}agent(i,e){let n=e.status??(e.logged_in===!1?"logged_out":e.paused?"paused":e.logged_in?"available":"unavailable"),o=n==="logged_out"||e.logged_in===!1,t=e.paused||n==="paused",s=e.name||e.number||e.id,p=Object.entries(e.queues??{}).filter(([,r])=>r).map(([r])=>Object.values(i.queues).find(c=>c.id===r||c.number===r)?.name??r),x=r=>i.can.includes(r),u=(r,c,f)=>x(r)?a`<button class="round" title=${this.word(f)} aria-label="${this.word(f)}: ${s}" aria-disabled=${this.underWay.has(`${i.id}/${e.id}`)} @click=${()=>this.command(i,e,r)}>${c}</button>`:l;return a`<div class="agent" data-agent=${e.id} data-status=${n}>
      ${L(e.name??"",e.id,o?void 0:E[n])}
      <span class="text"><span class="title cut"><bdi>${s}</bdi></span><span class="sub cut">${q(this.hass,n)}${p.length?a` · <bdi>${p.join(", ")}</bdi>`:l}${this.several?a` · <bdi>${y(i)}</bdi>`:l}</span></span>
      ${o?u("agent_login",b(O,"flip"),"log_in"):a`${t?u("agent_unpause",g("play","flip"),"unpause"):u("agent_pause",g("pause"),"pause")}${u("agent_logout",b(R,"flip"),"log_out")}`}
    </div>`}command(i,e,n){return this.during(`${i.id}/${e.id}`,()=>this.act(i,n,{agent:e.id}))}};export{B as QueuesCard};
