import{a as C,b as R}from"./chunk-FAAI6TVD.js";import{$ as g,R as f,U as b,a as h,aa as $,b as o,ba as x,ca as w,d as a,da as v,ha as y,q as c,t as p,u,v as l,x as m}from"./chunk-VEAHNQSQ.js";var E=class extends y{static{this.styles=[g,h`
      .phone { display: grid; grid-template-columns: 48px minmax(0, 1fr) auto; gap: 8px 12px; align-items: center; min-height: 56px; }
      .avatar { margin: 4px; } .text { display: grid; min-width: 0; } .title { font-size: 16px; line-height: 24px; font-weight: 500; } .sub { font-size: 14px; line-height: 20px; color: var(--secondary-text-color); }
      .buttons { display: flex; gap: 8px; flex-wrap: wrap; } .buttons .wide { flex: 1 1 auto; }
      ha-card { justify-content: center; }
    `]}constructor(){super(),new f(this,["extensions","calls","accounts","me"])}getCardSize(){return 2}getGridOptions(){return{columns:6,min_columns:6,rows:"auto"}}get phone(){if(!this.config.device)return this.mine;for(let n of this.shown){let s=Object.values(n.extensions).find(t=>t.device===this.config.device);if(s)return{account:n,extension:s}}}render(){let n=this.phone,s=this.obstacle(this.shown,1);if(s||!n)return o`<ha-card>${s??o`<div class="empty">${c("idle")}<span>${this.word("choose_phone")}</span></div>`}</ha-card>`;let{account:t,extension:e}=n,i=m(t).get(e.number),d=t.known?b(this.hass,e.state):this.word("away",{name:t.title});return o`<ha-card data-state=${e.state}>
      <div class="phone">
        ${w(e.name??"",e.number,e.state,"idle")}
        <span class="text"><span class="title cut"><bdi>${this.config.title||e.name||e.number}</bdi></span>
          <span class="sub cut" role="status">${d}${e.dnd?` \xB7 ${this.word("do_not_disturb")}`:""}${e.registered===!1?` \xB7 ${this.word("offline")}`:""}</span>
          ${i?o`<span class="sub cut">${this.other(i,e)}</span>`:a}</span>
        ${i?v(u(i)):a}
      </div>
      ${i?this.buttons(t,e,i):a}
      ${this.problem?this.notice(this.problem,"cancelled"):a}
    </ha-card>`}other(n,s){let t=p(n,s.number);return o`${x(t,this.nobody(t===n.to))}${t.name&&t.number?o` · ${$(t.number)}`:a}`}buttons(n,s,t){let{first:e}=C(n,t,{account:n,extension:s}),i=e.filter(r=>r.action!=="transfer"),d=p(t,s.number),T=l(d,this.nobody(d===t.to));return i.length?o`<div class="buttons ${this.turning(`${t.id} ${t.state}`)?"turning":""}">${i.map(r=>o`<button class="wide ${r.tone??""}" aria-label="${this.word(r.word)}: ${T}" aria-disabled=${this.underWay.has(t.id)}
      @click=${()=>this.during(t.id,()=>R(this,n,r))}>${c(r.icon)}${this.word(r.word)}</button>`)}</div>`:a}};export{E as PhoneCard};
