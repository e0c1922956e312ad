import{a as C,b as R}from"./chunk-PONX4VA6.js";import{$ as x,Q as f,T as g,_ as b,a as u,aa as $,b as o,ba as w,ca as v,d as a,ga as y,q as c,s as p,t as h,u as l,w as m}from"./chunk-GNBY5HIY.js";var E=class extends y{static{this.styles=[b,u`
      .phone { display: grid; grid-template-columns: 48px minmax(0, 1fr) auto; gap: 8px 12px; align-items: center; min-height: 56px; }
      .avatar { margin: 4px; } .text { display: grid; min-width: 0; } .title { font-size: 16px; line-height: 24px; font-weight: 500; } .sub { font-size: 14px; line-height: 20px; color: var(--secondary-text-color); }
      .buttons { display: flex; gap: 8px; flex-wrap: wrap; } .buttons .wide { flex: 1 1 auto; }
      ha-card { justify-content: center; }
    `]}constructor(){super(),new f(this,["extensions","calls","accounts","me"])}getCardSize(){return 2}getGridOptions(){return{columns:6,min_columns:6,rows:"auto"}}get phone(){if(!this.config.device)return this.mine;for(let e of this.shown){let s=Object.values(e.extensions).find(t=>t.device===this.config.device);if(s)return{account:e,extension:s}}}render(){let e=this.phone,s=this.obstacle(this.shown,1);if(s||!e)return o`<ha-card>${s??o`<div class="empty">${c("idle")}<span>${this.word("choose_phone")}</span></div>`}</ha-card>`;let{account:t,extension:n}=e,i=m(t).get(n.number),d=t.known?g(this.hass,n.state):this.word("away",{name:t.title});return o`<ha-card data-state=${n.state}>
      <div class="phone">
        ${w(n.name??"",n.number,n.state,"idle")}
        <span class="text"><span class="title cut"><bdi>${this.config.title||n.name||n.number}</bdi></span>
          <span class="sub cut" role="status">${d}${n.dnd?` \xB7 ${this.word("do_not_disturb")}`:""}${n.registered===!1?` \xB7 ${this.word("offline")}`:""}</span>
          ${i?o`<span class="sub cut">${this.other(i,n)}</span>`:a}</span>
        ${i?v(h(i)):a}
      </div>
      ${i?this.buttons(t,n,i):a}
      ${this.problem?this.notice(this.problem,"cancelled"):a}
    </ha-card>`}other(e,s){let t=e.direction==="internal"&&e.from.number===s.number?e.to:p(e);return o`${$(t,this.nobody(t===e.to))}${t.name&&t.number?o` · ${x(t.number)}`:a}`}buttons(e,s,t){let{first:n}=C(e,t,{account:e,extension:s}),i=n.filter(r=>r.action!=="transfer"),d=l(p(t),this.nobody(t.direction==="outgoing"));return i.length?o`<div class="buttons ${this.turning(`${t.id} ${t.state}`)?"turning":""}">${i.map(r=>o`<button class="wide ${r.tone??""}" aria-label="${this.word(r.word)}: ${d}" aria-disabled=${this.underWay.has(t.id)}
      @click=${()=>this.during(t.id,()=>R(this,e,r))}>${c(r.icon)}${this.word(r.word)}</button>`)}</div>`:a}};export{E as PhoneCard};
