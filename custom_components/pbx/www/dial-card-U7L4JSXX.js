import{a as c,b as R,c as _,d as C,g as A}from"./chunk-MFX4HPAM.js";import{B as h,C as v,D as $,E as y,N as w,R as T,S as k,_ as E,a as f,b as n,c as d,d as a,f as b,p as x,q as u}from"./chunk-762FRQGJ.js";import"./chunk-2KMOHUVZ.js";var m=R(class extends _{constructor(i){if(super(i),i.type!==c.PROPERTY&&i.type!==c.ATTRIBUTE&&i.type!==c.BOOLEAN_ATTRIBUTE)throw Error("The `live` directive is not allowed on child or event bindings");if(!C(i))throw Error("`live` bindings can only contain a single expression")}render(i){return i}update(i,[l]){if(l===d||l===a)return l;let e=i.element,t=i.name;if(i.type===c.PROPERTY){if(l===e[t])return d}else if(i.type===c.BOOLEAN_ATTRIBUTE){if(!!l===e.hasAttribute(t))return d}else if(i.type===c.ATTRIBUTE&&e.getAttribute(t)===l+"")return d;return A(i),l}});var U=[["1",""],["2","ABC"],["3","DEF"],["4","GHI"],["5","JKL"],["6","MNO"],["7","PQRS"],["8","TUV"],["9","WXYZ"],["*",""],["0","+"],["#",""]],O=500,I=class extends E{constructor(){super();this.text="";this.placed="";this.calling=!1;this.settings=!1;this.held=0;this.call=async()=>{let e=this.from,t=this.text.trim();if(!(!t||this.calling)){if(!e){this.settings=!0,this.requestUpdate();return}this.calling=!0,this.requestUpdate(),await this.place(t)&&(this.text.trim()===t&&(this.finder.value=""),this.placed=this.word("pick_up",{phone:e.extension.name||e.extension.number})),this.calling=!1,this.requestUpdate()}};new T(this,["accounts","me"])}static{this.styles=[k,f` ha-card{overflow: visible;gap: 12px;}.pad{display: grid;grid-template-columns: repeat(3,minmax(44px,88px));justify-content: center;gap: 8px 16px;direction: ltr;}.pad button{height: 56px;border-radius: 28px;background: var(--pbx-soft);font-size: 22px;line-height: 24px;display: grid;align-content: center;justify-items: center;user-select: none;touch-action: manipulation;}.pad button:hover{filter: brightness(0.94);}.pad button::after{content: attr(data-letters) / "";font-size: 10px;line-height: 12px;letter-spacing: 0.14em;color: var(--secondary-text-color);min-height: 12px;}.call{justify-self: stretch;min-height: 56px;border-radius: 28px;font-size: 16px;}label:not(.chip){display: grid;gap: 4px;font-size: 12px;line-height: 16px;color: var(--secondary-text-color);}label select,label:not(.check,.chip) input{font-size: 16px;color: var(--primary-text-color);}.settings{display: grid;gap: 12px;padding-top: 4px;}label.check{display: flex;align-items: center;gap: 12px;min-height: 44px;font-size: 14px;color: var(--primary-text-color);}.check input{width: 20px;height: 20px;accent-color: var(--primary-color);}fieldset{border: 0;margin: 0;padding: 0;display: flex;flex-wrap: wrap;gap: 8px;}legend{padding: 0 0 4px;font-size: 12px;line-height: 16px;color: var(--secondary-text-color);}fieldset .chip{min-height: 44px;border-radius: 22px;padding: 0 16px;position: relative;cursor: pointer;}.chip:has(:checked){background: color-mix(in srgb,var(--primary-color) 24%,transparent);}.chip:has(:focus-visible){outline: 2px solid var(--primary-color);outline-offset: 2px;}`]}get able(){return this.shown.filter(v)}get from(){let e=this.mine;return e&&this.able.includes(e.account)?e:void 0}get finder(){return this.renderRoot.querySelector("pbx-finder")}render(){let e=this.obstacle(this.shown,4),t=this.from;return n`<ha-card>
      <div class="header">
        ${u("dialpad")}
        <h2>${this.config.title??this.word("dial_pad")}</h2>
        <button class="round bare" title=${this.word("settings")} aria-label=${this.word("settings")} aria-expanded=${this.settings}
          @click=${()=>{this.settings=!this.settings,this.requestUpdate()}}>${x(b)}</button>
      </div>
      ${e??n`
        <pbx-finder large .hass=${this.hass} label=${this.word("number_or_name")} @pbx-typed=${s=>this.typed(s.detail)} @pbx-enter=${this.call}></pbx-finder>
        ${this.config.keys===!1?a:n`<div class="pad">${U.map(([s,r])=>this.key(s,r))}</div>`}
        <button class="wide go call" aria-disabled=${!this.text.trim()||!t||this.calling} @click=${()=>this.finder.submit()}>${u("phone")}${this.word("call")}</button>
        ${t&&!this.settings?a:this.phone()}
        ${t?this.callerId(t):a}
        ${this.settings?this.choices():a}
        ${this.problem?this.notice(this.problem,"cancelled"):a}
        <div class="muted" role="status">${this.placed}</div>`}
    </ha-card>`}key(e,t){return n`<button aria-label=${e}
      @pointerdown=${()=>{this.held=Date.now()}}
      @click=${()=>this.pressed(e)} data-letters=${t||a}>${e}</button>`}pressed(e){let t=this.held&&Date.now()-this.held>=O;this.held=0,this.finder.press(e==="0"&&t?"+":e)}phone(){let e=this.mine,t=e?h(e.account,e.extension.number):"",s=this.shown.map(r=>({account:r,phones:Object.values(r.extensions).filter(o=>!o.trunk)}));return n`<label>${this.word("my_phone")}
      <select @change=${r=>{this.choose({extension:r.target.value||null})}}>
        <option value="" ?selected=${!t}>${this.word("choose_phone")}</option>
        ${s.map(({account:r,phones:o})=>n`<optgroup label=${r.title}>${o.map(p=>{let g=h(r,p.number);return n`<option value=${g} ?selected=${g===t}>${p.name?`${p.name} (${p.number})`:p.number}</option>`})}</optgroup>`)}
      </select></label>`}callerId(e){let t=y(w.known,e);if(!e.account.can.includes("caller_id")||!this.settings&&!t)return a;let s=$(e),r=o=>{let p=o.target.value.trim();this.choose({caller_id:p?h(e.account,p):null})};return n`<label data-caller-id>${this.word("caller_id")}
      ${s.length?n`<select @change=${r}>
            <option value="" ?selected=${!t}>${this.word("usual_number")}</option>
            ${s.map(o=>n`<option value=${o.number} ?selected=${o.number===t}>${o.label?`${o.label} `:""}\u2066${o.number}\u2069</option>`)}
          </select>`:n`<input inputmode="tel" autocomplete="off" maxlength="100" dir=${t?"ltr":a} placeholder=${this.word("usual_number")} .value=${t} @change=${r} />`}
    </label>`}choices(){let e=this.myChoice,t=(s,r)=>n`<label class="chip"><input class="sr" type="radio" name="popup" value=${s} .checked=${m((e.popup??"off")===s)}
        @change=${()=>{this.choose({popup:s})}} />${r}</label>`;return n`<div class="settings">
      <fieldset><legend>${this.word("pop_up")}</legend>
        ${t("mine",this.word("my_phone"))}${t("all",this.word("all_calls"))}${t("off",this.word("off"))}</fieldset>
      <label class="check"><input type="checkbox" .checked=${m(e.sound)} @change=${s=>{this.choose({sound:s.target.checked})}} />${this.word("ring_sound")}</label>
    </div>`}typed(e){this.text=e,this.placed=this.problem="",this.requestUpdate()}};export{I as DialCard};
