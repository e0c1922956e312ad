import{$ as n,_ as o,a as r,b as s,d as i,fa as m,q as a}from"./chunk-VEAHNQSQ.js";var l=class extends m{constructor(){super();this.busy=!1;this.save=async t=>{t.preventDefault();let e=String(new FormData(t.target).get("name")).trim();if(!(!e||this.busy)){this.busy=!0,this.problem="";try{await this.hass.callService("pbx","add_to_phone_book",{name:e,numbers:[this.number]},void 0,!1),this.dispatchEvent(new CustomEvent("pbx-saved",{detail:e}))}catch(u){this.problem=o(this.hass,u)}this.busy=!1,this.requestUpdate()}};this.number=this.name=""}static{this.styles=[n,r`
      form { display: flex; gap: 8px; align-items: center; } input { flex: 1; font-size: 16px; }
    `]}static{this.properties={number:{attribute:!1},name:{attribute:!1}}}firstUpdated(){this.renderRoot.querySelector("input")?.focus()}render(){return s`<form @submit=${this.save}>
        <input name="name" required maxlength="100" autocomplete="off" placeholder=${this.word("name")} aria-label=${this.word("name")} .value=${this.name} />
        <button class="round go" type="submit" title=${this.word("save")} aria-label=${this.word("save")} ?disabled=${this.busy}>${a("check")}</button>
      </form>
      ${this.problem?this.notice(this.problem,"cancelled"):i}`}};export{l as Saver};
