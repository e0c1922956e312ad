import{$ as v,A as m,B as g,C as f,I as b,L as x,V as $,a as h,b as r,d as o,f as d,p as u,q as p,z as l}from"./chunk-IOEDJLHL.js";var w=[["1",""],["2","ABC"],["3","DEF"],["4","GHI"],["5","JKL"],["6","MNO"],["7","PQRS"],["8","TUV"],["9","WXYZ"],["*",""],["0","+"],["#",""]],k=500,y=class extends v{constructor(){super();this.text="";this.placed="";this.calling=!1;this.settings=!1;this.held=0;this.call=async()=>{let e=this.from,t=this.text.trim();if(!(!t||this.calling)){if(!e){this.settings=!0,this.requestUpdate();return}this.calling=!0,this.requestUpdate(),await this.place(t)&&(this.finder.value="",this.placed=this.word("pick_up",{phone:e.extension.name||e.extension.number})),this.calling=!1,this.requestUpdate()}};new x(this,["accounts","me"])}static{this.styles=[$,h`
      ha-card { overflow: visible; gap: 12px; }
      .pad { display: grid; grid-template-columns: repeat(3, minmax(44px, 88px)); justify-content: center; gap: 8px 16px; direction: ltr; }
      .pad button { height: 56px; border-radius: 28px; background: var(--pbx-soft); font-size: 22px; line-height: 24px; display: grid; align-content: center; justify-items: center; user-select: none; touch-action: manipulation; }
      .pad button:hover { filter: brightness(0.94); }
      .pad button::after { content: attr(data-letters) / ""; font-size: 10px; line-height: 12px; letter-spacing: 0.14em; color: var(--secondary-text-color); min-height: 12px; }
      .call { justify-self: stretch; min-height: 56px; border-radius: 28px; font-size: 16px; }
      label:not(.chip) { display: grid; gap: 4px; font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      label select, label:not(.check, .chip) input { font-size: 16px; color: var(--primary-text-color); }
      .settings { display: grid; gap: 12px; padding-top: 4px; }
      .check { display: flex; align-items: center; gap: 12px; min-height: 44px; font-size: 14px; color: var(--primary-text-color); }
      .check input { width: 20px; height: 20px; accent-color: var(--primary-color); }
      fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: 8px; } legend { padding: 0 0 4px; font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      fieldset .chip { min-height: 44px; border-radius: 22px; padding: 0 16px; position: relative; cursor: pointer; }
      .chip:has(:checked) { background: color-mix(in srgb, var(--primary-color) 24%, transparent); }
      .chip:has(:focus-visible) { outline: 2px solid var(--primary-color); outline-offset: 2px; }
    `]}get able(){return this.shown.filter(m)}get from(){let e=this.mine;return e&&this.able.includes(e.account)?e:void 0}get finder(){return this.renderRoot.querySelector("pbx-finder")}render(){let e=this.obstacle(this.shown,4),t=this.from;return r`<ha-card>
      <div class="header">
        ${p("dialpad")}
        <h2>${this.config.title??this.word("dial_pad")}</h2>
        <button class="round bare" title=${this.word("settings")} aria-label=${this.word("settings")} aria-expanded=${this.settings}
          @click=${()=>{this.settings=!this.settings,this.requestUpdate()}}>${u(d)}</button>
      </div>
      ${e??r`
        <pbx-finder large .hass=${this.hass} label=${this.word("number_or_name")} @pbx-typed=${i=>this.typed(i.detail)} @pbx-enter=${this.call}></pbx-finder>
        ${this.config.keys===!1?o:r`<div class="pad">${w.map(([i,s])=>this.key(i,s))}</div>`}
        <button class="wide go call" ?disabled=${!this.text.trim()||!t||this.calling} @click=${this.call}>${p("phone")}${this.word("call")}</button>
        ${t&&!this.settings?o:this.phone()}
        ${t?this.callerId(t):o}
        ${this.settings?this.choices():o}
        ${this.problem?this.notice(this.problem,"cancelled"):o}
        <div class="muted" role="status">${this.placed}</div>`}
    </ha-card>`}key(e,t){return r`<button aria-label=${e}
      @pointerdown=${()=>{this.held=Date.now()}}
      @click=${()=>this.pressed(e)} data-letters=${t||o}>${e}</button>`}pressed(e){let t=this.held&&Date.now()-this.held>=k;this.held=0,this.finder.press(e==="0"&&t?"+":e)}phone(){let e=this.mine,t=e?l(e.account,e.extension.number):"",i=this.shown.map(s=>({account:s,phones:Object.values(s.extensions).filter(n=>!n.trunk)}));return r`<label>${this.word("my_phone")}
      <select @change=${s=>{this.choose({extension:s.target.value||null})}}>
        <option value="" ?selected=${!t}>${this.word("choose_phone")}</option>
        ${i.map(({account:s,phones:n})=>r`<optgroup label=${s.title}>${n.map(a=>{let c=l(s,a.number);return r`<option value=${c} ?selected=${c===t}>${a.name?`${a.name} (${a.number})`:a.number}</option>`})}</optgroup>`)}
      </select></label>`}callerId(e){let t=f(b.known,e);if(!e.account.can.includes("caller_id")||!this.settings&&!t)return o;let i=g(e),s=n=>{let a=n.target.value.trim();this.choose({caller_id:a?l(e.account,a):null})};return r`<label data-caller-id>${this.word("caller_id")}
      ${i.length?r`<select @change=${s}>
            <option value="" ?selected=${!t}>${this.word("usual_number")}</option>
            ${i.map(n=>r`<option value=${n.number} ?selected=${n.number===t}>${n.label?`${n.label} `:""}\u2066${n.number}\u2069</option>`)}
          </select>`:r`<input inputmode="tel" autocomplete="off" maxlength="100" dir=${t?"ltr":o} placeholder=${this.word("usual_number")} .value=${t} @change=${s} />`}
    </label>`}choices(){let e=this.myChoice,t=(i,s)=>r`<label class="chip"><input class="sr" type="radio" name="popup" value=${i} .checked=${(e.popup??"off")===i}
        @change=${()=>{this.choose({popup:i})}} />${s}</label>`;return r`<div class="settings">
      <fieldset><legend>${this.word("pop_up")}</legend>
        ${t("mine",this.word("my_phone"))}${t("all",this.word("all_calls"))}${t("off",this.word("off"))}</fieldset>
      <label class="check"><input type="checkbox" .checked=${e.sound} @change=${i=>{this.choose({sound:i.target.checked})}} />${this.word("ring_sound")}</label>
    </div>`}typed(e){this.text=e,this.placed=this.problem="",this.requestUpdate()}};export{y as DialCard};
