import{e as q}from"./chunk-Y5BL6VSA.js";import{C as u,D as w,E as y,H as k,Q as m,R as _,S as h,U as E,X as T,a as g,b as a,d as r,g as c,h as v,i as $,n as x,p,q as l}from"./chunk-N7QRYO5E.js";var P={id:""},I=d=>d.name||d.company||"",R=d=>d.split(/[\n;]/).map(b=>b.trim()).filter(Boolean),S=class extends T{constructor(){super();this.find="";this.group="";this.busy=!1;this.asked=!1;this.save=t=>{t.preventDefault();let i=this.editing,e=new FormData(t.target),s=o=>String(e.get(o)??"").trim(),n=new Map((i.numbers??[]).map(o=>[o.typed||o.number,o.kind??"other"])),f={name:s("name"),company:s("company"),groups:s("groups").split(",").map(o=>o.trim()).filter(Boolean),numbers:R(s("numbers")).map(o=>({number:o,kind:n.get(o)??"other"}))};this.change(()=>i.id?this.hass.callWS({type:"pbx/phone_book/update",entry_id:i.id,...f}):this.hass.callService("pbx","add_to_phone_book",f,void 0,!1))};this.importFile=async t=>{let i=t.target,e=i.files?.[0];if(!e)return;let s=await e.text();i.value="",await this.change(async()=>{let n=await this.hass.callService("pbx","import_phone_book",{text:s},void 0,!1,!0);this.imported=n.response})};new k(this,["accounts","me"])}static{this.styles=[_,g`
      .tools { display: flex; gap: 8px; flex-wrap: wrap; } .tools input[type="search"] { flex: 1 1 200px; width: auto; }
      .tools .chip { min-height: 44px; border-radius: 22px; padding: 0 16px; }
      @container (max-width: 420px) { .tools input[type="search"] { flex-basis: 100%; } }
      .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(320px, 100%), 1fr)); gap: 8px; }
      li { display: grid; grid-template-columns: 40px minmax(0, 1fr) auto; gap: 12px; align-items: center; padding: 8px; border-radius: 12px; background: var(--pbx-soft); min-height: 56px; box-sizing: border-box; content-visibility: auto; contain-intrinsic-height: auto 64px; }
      .text { display: grid; min-width: 0; } .title { font-size: 15px; line-height: 22px; font-weight: 500; } .sub { font-size: 13px; line-height: 18px; color: var(--secondary-text-color); }
      .buttons { display: flex; gap: 4px; }
      form { display: grid; gap: 12px; padding: 16px; border-radius: 16px; background: var(--pbx-soft); }
      label { display: grid; gap: 4px; font-size: 12px; line-height: 16px; color: var(--secondary-text-color); }
      label input, label textarea { font-size: 16px; color: var(--primary-text-color); background: var(--card-background-color, #fff); border-color: var(--pbx-line); }
      .actions { display: flex; gap: 8px; flex-wrap: wrap; }
      .file { position: relative; overflow: hidden; } .file input { position: absolute; inset: 0; opacity: 0; cursor: pointer; }
      .file:focus-within { outline: 2px solid var(--primary-color); outline-offset: 2px; }
    `]}async load(){try{this.book=await this.hass.callWS({type:"pbx/phone_book/list"})}catch(t){this.problem=m(this.hass,t)}this.requestUpdate()}get from(){let t=this.mine,i=t?.account.can.includes("click_to_call")?"click_to_call":t?.account.can.includes("originate")?"originate":"";return t&&i?{account:t.account,extension:t.extension.number,action:i}:void 0}get found(){let t=this.find.trim();return(this.book?.entries??[]).filter(i=>{if(this.group&&!i.groups?.includes(this.group))return!1;let e=(i.numbers??[]).map(s=>`${s.number} ${s.typed??""}`).join(" ");return!t||w(t,I(i),e)||u(`${i.company??""} ${(i.groups??[]).join(" ")}`).includes(u(t))})}render(){!this.asked&&this.hass&&y.ready&&(this.asked=!0,queueMicrotask(()=>{this.load()}));let t=this.found,i=(e,s)=>a`<button class="chip" aria-pressed=${this.group===e} @click=${()=>{this.group=this.group===e?"":e,this.requestUpdate()}}>${s}</button>`;return a`<ha-card>
      <div class="header">${p(c)}<h2>${this.config.title??this.word("contacts")}</h2>
        <span class="file"><span class="wide">${p($)}${this.word("import_contacts")}</span><input type="file" accept=".vcf,.csv,.xml,text/vcard,text/csv,text/xml" aria-label=${this.word("import_contacts")} @change=${this.importFile} /></span>
        <button class="round" title=${this.word("add_contact")} aria-label=${this.word("add_contact")} @click=${()=>this.edit(P)}>${l("add")}</button></div>
      ${this.problem?this.notice(this.problem,"cancelled"):r}
      ${this.imported?this.report(this.imported):r}
      ${this.editing?this.form(this.editing):r}
      <div class="tools">
        <input type="search" placeholder=${this.word("find")} aria-label=${this.word("find")} @input=${e=>{this.find=e.target.value,this.requestUpdate()}} />
        ${(this.book?.groups??[]).map(e=>i(e,e))}
      </div>
      ${!this.book&&!this.problem?a`<div class="skeleton"></div><div class="skeleton"></div>`:r}
      ${this.book&&!t.length?a`<div class="empty">${p(c)}<span>${this.word("no_contacts")}</span></div>`:r}
      <ul class="grid">${q(t,e=>e.id,e=>this.row(e))}</ul>
    </ha-card>`}row(t){let i=I(t),e=t.numbers?.find(s=>s.kind!=="fax"&&!s.number.endsWith("*"));return a`<li data-entry=${t.id}>
      ${E(i,t.id)}
      <span class="text"><span class="title cut"><bdi>${i}</bdi></span>
        <span class="sub cut">${(t.numbers??[]).map((s,n)=>a`${n?" \xB7 ":""}${h(s.typed||s.number)}`)}</span>
        ${t.groups?.length||t.company&&t.company!==i?a`<span class="sub cut"><bdi>${[t.company!==i?t.company:"",...t.groups??[]].filter(Boolean).join(" \xB7 ")}</bdi></span>`:r}</span>
      <span class="buttons">
        ${e&&this.from?a`<button class="round" title=${this.word("call")} aria-label="${this.word("call")}: ${i}" ?disabled=${this.busy} @click=${()=>this.call(e.number)}>${l("phone")}</button>`:r}
        <button class="round bare" title=${this.word("edit")} aria-label="${this.word("edit")}: ${i}" @click=${()=>this.edit(t)}>${p(x)}</button>
      </span>
    </li>`}form(t){let i=(e,s,n)=>a`<label>${s}<input name=${e} .value=${n} autocomplete="off" /></label>`;return a`<form @submit=${this.save} aria-label=${t.id?this.word("edit"):this.word("add_contact")}>
      ${i("name",this.word("name"),t.name??"")}
      ${i("company",this.word("company"),t.company??"")}
      <label>${this.word("numbers")}<textarea name="numbers" rows="3" dir="ltr" .value=${(t.numbers??[]).map(e=>e.typed||e.number).join(`
`)}></textarea></label>
      ${i("groups",this.word("groups"),(t.groups??[]).join(", "))}
      <div class="actions">
        <button class="wide go" type="submit" ?disabled=${this.busy}>${l("check")}${this.word("save")}</button>
        <button class="wide" type="button" @click=${()=>this.edit(void 0)}>${this.word("cancel")}</button>
        ${t.id?a`<button class="wide stop soft" type="button" ?disabled=${this.busy} @click=${()=>this.erase(t)}>${p(v)}${this.word("delete")}</button>`:r}
      </div>
    </form>`}report(t){return a`<div class="notice plain" role="status">${l("check")}<span>${this.word("imported",{count:String(t.added+t.completed)})}
      ${t.uncertain.length?a`<br />${this.word("uncertain")}${t.uncertain.slice(0,20).map(i=>a`<br /><bdi>${i.name}</bdi> ${h(i.number)}`)}`:r}</span></div>`}edit(t){this.editing=t,this.problem="",this.imported=void 0,this.requestUpdate(),t&&this.updateComplete.then(()=>this.renderRoot.querySelector("form input")?.focus())}async change(t){this.busy=!0,this.problem="",this.requestUpdate();try{await t(),this.editing=void 0,await this.load()}catch(i){this.problem=m(this.hass,i)}this.busy=!1,this.requestUpdate()}erase(t){this.change(()=>this.hass.callService("pbx","remove_from_phone_book",{entry_id:t.id},void 0,!1))}async call(t){let i=this.from;this.busy=!0,await this.act(i.account,i.action,{extension:i.extension,number:t}),this.busy=!1,this.requestUpdate()}};export{S as ContactsCard};
