import{$ as f,K as c,M as h,N as n,P as p,R as v,a as u,aa as l,b as r,ca as b,d as o,fa as g,q as m}from"./chunk-VEAHNQSQ.js";var y=300,w=12,x=class extends g{constructor(){super();this.text="";this.contacts=[];this.open=!1;this.active=-1;this.asked=0;this.timer=0;this.searching=!1;this.entered=!1;this.key=t=>{if(t.isComposing)return;let e=this.open?this.choices:[];if(t.key==="ArrowDown"||t.key==="ArrowUp"){t.preventDefault();let i=this.choices.length,a=t.key==="ArrowDown"?1:-1;this.active=i?(this.active+a+i)%i:-1,this.show(!0)}else t.key==="Enter"?(t.preventDefault(),this.enter(e)):t.key==="Escape"&&e.length&&(t.stopPropagation(),this.show(!1))};this.label=this.account="",new v(this,["accounts","me"])}static{this.styles=[f,u`
      :host { position: relative; }
      .field { position: relative; }
      input { padding-inline-end: 44px; }
      :host([large]) input { height: 56px; font-size: 20px; letter-spacing: 0.01em; }
      .erase { position: absolute; inset-inline-end: 0; top: 0; height: 100%; width: 44px; display: grid; place-items: center; color: var(--secondary-text-color); }
      ul { position: absolute; inset-inline: 0; top: calc(100% + 4px); padding: 4px; z-index: 4; max-height: 328px; overflow: auto; background: var(--card-background-color, #fff);
        border: 1px solid var(--pbx-line); border-radius: 16px; box-shadow: 0 8px 24px rgb(0 0 0 / 0.25); }
      :host([above]) ul { top: auto; bottom: calc(100% + 4px); max-height: min(328px, 40dvh); }
      li { display: flex; gap: 12px; align-items: center; padding: 6px 8px; min-height: 44px; box-sizing: border-box; border-radius: 12px; cursor: pointer; }
      li[aria-selected="true"], li:hover { background: var(--pbx-soft); }
      li .avatar { width: 32px; height: 32px; font-size: 13px; } li .avatar .icon { width: 18px; height: 18px; }
      li > span:nth-child(2) { display: grid; flex: 1; min-width: 0; line-height: 20px; }
      small { font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
    `]}static{this.properties={label:{type:String},account:{type:String},value:{attribute:!1,noAccessor:!0}}}get value(){return this.text}set value(t){this.typed(t,!1)}focus(){this.renderRoot.querySelector("input")?.focus()}get accounts(){let t=this.account||this.mine?.account.id;return n.accounts.filter(e=>!t||e.id===t)}get choices(){if(!this.text.trim())return[];let t=n.accounts.length>1,e=[];for(let i of this.accounts)for(let a of Object.values(i.extensions)){if(e.length>=8)break;a.trunk||!h(this.text,a.name??"",a.number)||e.push({name:a.name??"",number:a.number,where:t?p(i):"",state:a.state,phone:!0})}return[...e,...this.contacts].slice(0,w)}render(){let t=this.open?this.choices:[];return r`<div class="field">
        <input role="combobox" inputmode="tel" autocomplete="off" spellcheck="false" enterkeyhint="go" aria-autocomplete="list" aria-label=${this.label}
          placeholder=${this.label} aria-expanded=${t.length>0} aria-controls="choices"
          aria-activedescendant=${this.active>=0&&t[this.active]?`choice-${this.active}`:o} .value=${this.text}
          @input=${e=>this.typed(e.target.value)} @keydown=${this.key} @focus=${()=>this.show(!0)}
          @blur=${()=>this.show(!1)} />
        ${this.text?r`<button class="erase" tabindex="-1" aria-label=${this.word("clear")} @click=${()=>this.typed(this.text.slice(0,-1))}>${m("backspace","flip")}</button>`:o}
      </div>
      <ul id="choices" role="listbox" aria-label=${this.word("contacts")} ?hidden=${!t.length}>
        ${t.map((e,i)=>this.choice(e,i))}
      </ul>`}updated(t){super.updated(t),this.renderRoot.querySelector("[aria-selected=true]")?.scrollIntoView({block:"nearest"})}choice(t,e){return r`<li id="choice-${e}" role="option" aria-selected=${e===this.active} @mousedown=${i=>i.preventDefault()}
      @click=${()=>this.pick(t)}>
      ${b(t.name,t.number,t.state,t.phone?"idle":"phone")}
      <span><span class="cut">${t.name?r`<bdi>${t.name}</bdi>`:l(t.number)}</span>
        <small class="cut">${t.name?l(t.number):o}${t.where?r` · <bdi>${t.where}</bdi>`:o}</small></span>
    </li>`}show(t){this.open=t,this.requestUpdate()}typed(t,e=!0){this.text=t,this.active=-1,this.open=e,this.contacts=this.contacts.filter(i=>h(t,i.name,i.number)),this.requestUpdate(),clearTimeout(this.timer),this.asked++,this.entered=!1,this.searching=e&&t.trim().length>=2,this.searching&&(this.timer=window.setTimeout(()=>{this.search(t.trim())},y)),this.dispatchEvent(new CustomEvent("pbx-typed",{detail:t}))}press(t){this.typed(this.text+t)}async search(t){let e=++this.asked;try{let i=this.account||void 0,a=await this.hass.callWS({type:"pbx/search",text:t,...i&&{account:i}});if(e!==this.asked)return;let d=new Map(n.accounts.map(s=>[s.id,p(s)]));this.contacts=a.contacts.filter(s=>!s.number.includes("\u2022")).map(s=>({name:s.name,number:s.number,where:s.company&&s.company!==s.name?s.company:d.size>1&&d.get(s.account??"")||"",phone:!1}))}catch{if(e!==this.asked)return;this.contacts=[]}this.searching=!1,this.entered&&this.open&&this.enter(this.choices),this.requestUpdate()}pick(t){this.typed(t.number,!1),this.dispatchEvent(new CustomEvent("pbx-picked",{detail:t})),this.focus()}submit(){let t=c(this.text);t&&this.focus(),this.enter(t?this.choices:[])}enter(t){let e=c(this.text),i=t[this.active]??(e?t[0]:void 0);this.entered=!i&&e&&this.searching,i?this.pick(i):this.text.trim()&&!this.entered&&this.dispatchEvent(new CustomEvent("pbx-enter"))}};export{x as Finder};
