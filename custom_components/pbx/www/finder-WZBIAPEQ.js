import{H as n,I as c,J as h,L as m,V as v,W as p,Y as b,_ as f,a as u,b as o,d as r,q as d}from"./chunk-IOEDJLHL.js";var x=300,y=12,g=class extends f{constructor(){super();this.text="";this.contacts=[];this.open=!1;this.active=-1;this.asked=0;this.timer=0;this.key=t=>{let i=this.open?this.choices:[];if(t.key==="ArrowDown"||t.key==="ArrowUp"){t.preventDefault();let e=this.choices.length,s=t.key==="ArrowDown"?1:-1;this.active=e?(this.active+s+e)%e:-1,this.show(!0)}else if(t.key==="Enter"){t.preventDefault();let e=i[this.active];e?this.pick(e):this.text.trim()&&this.dispatchEvent(new CustomEvent("pbx-enter"))}else t.key==="Escape"&&i.length&&(t.stopPropagation(),this.show(!1))};this.label=this.account="",new m(this,["accounts"])}static{this.styles=[v,u`
      :host { position: relative; }
      .field { position: relative; }
      input { padding-inline-end: 44px; }
      :host([large]) input { height: 56px; font-size: 20px; letter-spacing: 0.01em; }
      .erase { position: absolute; inset-inline-end: 0; top: 0; height: 100%; width: 44px; display: grid; place-items: center; color: var(--secondary-text-color); }
      ul { position: absolute; inset-inline: 0; top: calc(100% + 4px); padding: 4px; z-index: 4; max-height: 328px; overflow: auto; background: var(--card-background-color, #fff);
        border: 1px solid var(--pbx-line); border-radius: 16px; box-shadow: 0 8px 24px rgb(0 0 0 / 0.25); }
      :host([above]) ul { top: auto; bottom: calc(100% + 4px); }
      li { display: flex; gap: 12px; align-items: center; padding: 6px 8px; min-height: 44px; box-sizing: border-box; border-radius: 12px; cursor: pointer; }
      li[aria-selected="true"], li:hover { background: var(--pbx-soft); }
      li .avatar { width: 32px; height: 32px; font-size: 13px; } li .avatar .icon { width: 18px; height: 18px; }
      li > span:nth-child(2) { display: grid; flex: 1; min-width: 0; line-height: 20px; }
      small { font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
    `]}static{this.properties={label:{type:String},account:{type:String},value:{attribute:!1,noAccessor:!0}}}get value(){return this.text}set value(t){this.typed(t,!1)}focus(){this.renderRoot.querySelector("input")?.focus()}get accounts(){return c.accounts.filter(t=>!this.account||t.id===this.account)}get choices(){if(!this.text.trim())return[];let t=c.accounts.length>1,i=[];for(let e of this.accounts)for(let s of Object.values(e.extensions)){if(i.length>=8)break;s.trunk||!n(this.text,s.name??"",s.number)||i.push({name:s.name??"",number:s.number,where:t?h(e):"",state:s.state,phone:!0})}return[...i,...this.contacts].slice(0,y)}render(){let t=this.open?this.choices:[];return o`<div class="field">
        <input role="combobox" inputmode="tel" autocomplete="off" spellcheck="false" enterkeyhint="go" aria-autocomplete="list" aria-label=${this.label}
          placeholder=${this.label} aria-expanded=${t.length>0} aria-controls="choices"
          aria-activedescendant=${this.active>=0&&t[this.active]?`choice-${this.active}`:r} .value=${this.text}
          @input=${i=>this.typed(i.target.value)} @keydown=${this.key} @focus=${()=>this.show(!0)}
          @blur=${()=>this.show(!1)} />
        ${this.text?o`<button class="erase" tabindex="-1" aria-label=${this.word("clear")} @click=${()=>this.typed(this.text.slice(0,-1))}>${d("backspace","flip")}</button>`:r}
      </div>
      <ul id="choices" role="listbox" aria-label=${this.word("contacts")} ?hidden=${!t.length}>
        ${t.map((i,e)=>this.choice(i,e))}
      </ul>`}choice(t,i){return o`<li id="choice-${i}" role="option" aria-selected=${i===this.active} @mousedown=${e=>e.preventDefault()}
      @click=${()=>this.pick(t)}>
      ${b(t.name,t.number,t.state,t.phone?"idle":"phone")}
      <span><span class="cut">${t.name?o`<bdi>${t.name}</bdi>`:p(t.number)}</span>
        <small class="cut">${t.name?p(t.number):r}${t.where?o` · <bdi>${t.where}</bdi>`:r}</small></span>
    </li>`}show(t){this.open=t,this.requestUpdate()}typed(t,i=!0){this.text=t,this.active=-1,this.open=i,this.contacts=this.contacts.filter(e=>n(t,e.name,e.number)),this.requestUpdate(),clearTimeout(this.timer),i&&t.trim().length>=2&&(this.timer=window.setTimeout(()=>{this.search(t.trim())},x)),this.dispatchEvent(new CustomEvent("pbx-typed",{detail:t}))}press(t){this.typed(this.text+t)}async search(t){let i=++this.asked;try{let e=this.account||void 0,s=await this.hass.callWS({type:"pbx/search",text:t,...e&&{account:e}});if(i!==this.asked)return;let l=new Map(c.accounts.map(a=>[a.id,h(a)]));this.contacts=s.contacts.map(a=>({name:a.name,number:a.number,where:a.company&&a.company!==a.name?a.company:l.size>1&&l.get(a.account??"")||"",phone:!1}))}catch{this.contacts=[]}this.requestUpdate()}pick(t){this.typed(t.number,!1),this.dispatchEvent(new CustomEvent("pbx-picked",{detail:t})),this.focus()}};export{g as Finder};
