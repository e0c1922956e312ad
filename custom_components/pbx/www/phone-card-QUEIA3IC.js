import{a as C,b as A}from"./chunk-ICOGLRXO.js";import{$ as y,L as f,O as b,V as x,W as g,X as $,Y as w,Z as v,a as p,b as r,d as a,q as d,s as l,t as u,u as h,v as m}from"./chunk-IOEDJLHL.js";var _=class extends y{constructor(){super();this.busy=!1;new f(this,["extensions","calls","accounts","me"])}static{this.styles=[x,p`
      .phone { display: grid; grid-template-columns: 48px minmax(0, 1fr) auto; gap: 8px 12px; align-items: center; min-height: 56px; }
      .avatar { margin: 4px; } .text { display: grid; min-width: 0; } .title { font-size: 16px; line-height: 24px; font-weight: 500; } .sub { font-size: 14px; line-height: 20px; color: var(--secondary-text-color); }
      .buttons { display: flex; gap: 8px; flex-wrap: wrap; } .buttons .wide { flex: 1 1 auto; }
      ha-card { justify-content: center; }
    `]}getCardSize(){return 2}getGridOptions(){return{columns:6,min_columns:6,rows:"auto"}}get phone(){if(!this.config.device)return this.mine;for(let t of this.shown){let s=Object.values(t.extensions).find(e=>e.device===this.config.device);if(s)return{account:t,extension:s}}}render(){let t=this.phone,s=this.obstacle(this.shown,1);if(s||!t)return r`<ha-card>${s??r`<div class="empty">${d("idle")}<span>${this.word("choose_phone")}</span></div>`}</ha-card>`;let{account:e,extension:n}=t,i=Object.values(e.calls).find(o=>o.legs.some(O=>O.extension===n.number)),c=e.known?b(this.hass,n.state):this.word("away",{name:e.title});return r`<ha-card data-state=${n.state}>
      <div class="phone">
        ${w(n.name??"",n.number,n.state,"idle")}
        <span class="text"><span class="title cut"><bdi>${this.config.title||n.name||n.number}</bdi></span>
          <span class="sub cut" role="status">${c}${n.dnd?` \xB7 ${this.word("do_not_disturb")}`:""}${n.registered===!1?` \xB7 ${this.word("offline")}`:""}</span>
          ${i?r`<span class="sub cut">${this.other(i,n)}</span>`:a}</span>
        ${i?v(u(i)):a}
      </div>
      ${i?this.buttons(e,n,i):a}
      ${this.problem?this.notice(this.problem,"cancelled"):a}
    </ha-card>`}other(t,s){let e=t.direction==="internal"&&t.from.number===s.number?t.to:l(t);return r`${$(e,this.word("hidden_number"))}${e.name&&e.number?r` · ${g(e.number)}`:a}`}buttons(t,s,e){let{first:n}=C(t,e,{account:t,extension:s}),i=n.filter(o=>o.action!=="transfer"),c=h(l(e),this.word("hidden_number"));return!i.length||!m(e).length?a:r`<div class="buttons">${i.map(o=>r`<button class="wide ${o.tone??""}" aria-label="${this.word(o.word)}: ${c}" ?disabled=${this.busy}
      @click=${()=>this.command(t,o)}>${d(o.icon)}${this.word(o.word)}</button>`)}</div>`}async command(t,s){this.busy=!0,await A(this,t,s),this.busy=!1,this.requestUpdate()}};export{_ as PhoneCard};
