import{I as g,S as m,Y as x,a as d,b as r,d as n,f as h,p as u,q as l,z as p}from"./chunk-JKIX4X62.js";var b=[["1",""],["2","ABC"],["3","DEF"],["4","GHI"],["5","JKL"],["6","MNO"],["7","PQRS"],["8","TUV"],["9","WXYZ"],["*",""],["0","+"],["#",""]],$=500,f=class extends x{constructor(){super();this.text="";this.placed="";this.calling=!1;this.settings=!1;this.held=0;this.call=async()=>{let t=this.from,e=this.text.trim();if(!e||this.calling)return;if(!t){this.settings=!0,this.requestUpdate();return}this.calling=!0,this.requestUpdate();let i=t.account.can.includes("click_to_call")?"click_to_call":"originate";await this.act(t.account,i,{extension:t.extension.number,number:e})&&(this.finder.value="",this.placed=this.word("pick_up",{phone:t.extension.name||t.extension.number})),this.calling=!1,this.requestUpdate()};new g(this,["accounts","me"])}static{this.styles=[m,d`
      ha-card { overflow: visible; gap: 12px; }
      .pad { display: grid; grid-template-columns: repeat(3, minmax(44px, 88px)); justify-content: center; gap: 8px 16px; direction: ltr; }
      .pad button { height: 56px; border-radius: 28px; background: var(--pbx-soft); font-size: 22px; line-height: 24px; display: grid; align-content: center; justify-items: center; user-select: none; touch-action: manipulation; }
      .pad button:hover { filter: brightness(0.94); }
      .pad button::after { content: attr(data-letters) / ""; font-size: 10px; line-height: 12px; letter-spacing: 0.14em; color: var(--secondary-text-color); min-height: 12px; }
      .call { justify-self: stretch; min-height: 56px; border-radius: 28px; font-size: 16px; }
      label { display: grid; gap: 4px; font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      label select { font-size: 16px; color: var(--primary-text-color); }
      .settings { display: grid; gap: 12px; padding-top: 4px; }
      .check { display: flex; align-items: center; gap: 12px; min-height: 44px; font-size: 14px; color: var(--primary-text-color); }
      .check input { width: 20px; height: 20px; accent-color: var(--primary-color); }
      fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 8px; } legend { padding: 0 0 4px; font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      fieldset .chip { min-height: 44px; border-radius: 22px; padding: 0 16px; }
    `]}get able(){return this.shown.filter(t=>t.can.includes("click_to_call")||t.can.includes("originate"))}get from(){let t=this.mine;return t&&this.able.includes(t.account)?t:void 0}get finder(){return this.renderRoot.querySelector("pbx-finder")}render(){let t=this.obstacle(this.shown,4),e=this.from;return r`<ha-card>
      <div class="header">
        ${l("dialpad")}
        <h2>${this.config.title??this.word("dial_pad")}</h2>
        <button class="round bare" title=${this.word("settings")} aria-label=${this.word("settings")} aria-expanded=${this.settings}
          @click=${()=>{this.settings=!this.settings,this.requestUpdate()}}>${u(h)}</button>
      </div>
      ${t??r`
        <pbx-finder large .hass=${this.hass} label=${this.word("number_or_name")} @pbx-typed=${i=>this.typed(i.detail)} @pbx-enter=${this.call}></pbx-finder>
        ${this.config.keys===!1?n:r`<div class="pad">${b.map(([i,s])=>this.key(i,s))}</div>`}
        <button class="wide go call" ?disabled=${!this.text.trim()||!e||this.calling} @click=${this.call}>${l("phone")}${this.word("call")}</button>
        ${e&&!this.settings?n:this.phone()}
        ${this.settings?this.choices():n}
        ${this.problem?this.notice(this.problem,"cancelled"):n}
        <div class="muted" role="status">${this.placed}</div>`}
    </ha-card>`}key(t,e){return r`<button aria-label=${t}
      @pointerdown=${()=>{this.held=Date.now()}}
      @click=${()=>this.finder.press(t==="0"&&this.held&&Date.now()-this.held>=$?"+":t)} data-letters=${e||n}>${t}</button>`}phone(){let t=this.mine,e=t?p(t.account,t.extension.number):"",i=this.shown.map(s=>({account:s,phones:Object.values(s.extensions).filter(a=>!a.trunk)}));return r`<label>${this.word("my_phone")}
      <select @change=${s=>{this.choose({extension:s.target.value||null})}}>
        <option value="" ?selected=${!e}>${this.word("choose_phone")}</option>
        ${i.map(({account:s,phones:a})=>r`<optgroup label=${s.title}>${a.map(o=>{let c=p(s,o.number);return r`<option value=${c} ?selected=${c===e}>${o.name?`${o.name} (${o.number})`:o.number}</option>`})}</optgroup>`)}
      </select></label>`}choices(){let t=this.myChoice,e=(i,s)=>r`<button class="chip" role="radio" aria-checked=${(t.popup??"off")===i} aria-pressed=${n} data-popup=${i}
        style=${(t.popup??"off")===i?"background:color-mix(in srgb, var(--primary-color) 24%, transparent)":n}
        @click=${()=>{this.choose({popup:i})}}>${s}</button>`;return r`<div class="settings">
      <fieldset role="radiogroup" aria-label=${this.word("pop_up")}><legend>${this.word("pop_up")}</legend>
        ${e("mine",this.word("my_phone"))}${e("all",this.word("all_calls"))}${e("off",this.word("off"))}</fieldset>
      <label class="check"><input type="checkbox" .checked=${t.sound} @change=${i=>{this.choose({sound:i.target.checked})}} />${this.word("ring_sound")}</label>
    </div>`}typed(t){this.text=t,this.placed=this.problem="",this.requestUpdate()}};export{f as DialCard};
