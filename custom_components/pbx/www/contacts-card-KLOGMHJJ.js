import{e as S}from"./chunk-LS6ML6DL.js";import{$ as I,A as y,E as k,G as u,H as _,I as h,L as E,U as m,V as T,W as b,Y as q,a as x,b as a,d as r,g as c,h as $,i as v,n as w,p,q as d}from"./chunk-IOEDJLHL.js";var M={id:""},P=l=>l.name||l.company||"",U=l=>l.split(/[\n;]/).map(g=>g.trim()).filter(Boolean),R=class extends I{constructor(){super();this.find="";this.group="";this.busy=!1;this.asked=!1;this.save=t=>{t.preventDefault();let e=this.editing,i=new FormData(t.target),s=o=>String(i.get(o)??"").trim(),n=new Map((e.numbers??[]).map(o=>[o.typed||o.number,o.kind??"other"])),f={name:s("name"),company:s("company"),groups:s("groups").split(",").map(o=>o.trim()).filter(Boolean),numbers:U(s("numbers")).map(o=>({number:o,kind:n.get(o)??"other"})),messages:i.has("messages")};this.change(()=>e.id?this.hass.callWS({type:"pbx/phone_book/update",entry_id:e.id,...f}):this.hass.callService("pbx","add_to_phone_book",f,void 0,!1))};this.importFile=async t=>{let e=t.target,i=e.files?.[0];if(!i)return;let s=await i.text();e.value="",await this.change(async()=>{let n=await this.hass.callService("pbx","import_phone_book",{text:s},void 0,!1,!0);this.imported=n.response})};new E(this,["accounts","me"])}static{this.styles=[T,x`
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
      label.check { display: flex; gap: 12px; align-items: center; min-height: 44px; font-size: 14px; line-height: 20px; } label.check input { width: 20px; height: 20px; margin: 0; flex: none; }
      .actions { display: flex; gap: 8px; flex-wrap: wrap; }
      .file { position: relative; overflow: hidden; } .file input { position: absolute; inset: 0; opacity: 0; cursor: pointer; }
      .file:focus-within { outline: 2px solid var(--primary-color); outline-offset: 2px; }
    `]}async load(){try{this.book=await this.hass.callWS({type:"pbx/phone_book/list"})}catch(t){this.problem=m(this.hass,t)}this.requestUpdate()}get found(){let t=this.find.trim();return(this.book?.entries??[]).filter(e=>{if(this.group&&!e.groups?.includes(this.group))return!1;let i=(e.numbers??[]).map(s=>`${s.number} ${s.typed??""}`).join(" ");return!t||_(t,P(e),i)||u(`${e.company??""} ${(e.groups??[]).join(" ")}`).includes(u(t))})}render(){!this.asked&&this.hass&&h.ready&&(this.asked=!0,queueMicrotask(()=>{this.load()}));let t=this.found,e=(i,s)=>a`<button class="chip" aria-pressed=${this.group===i} @click=${()=>{this.group=this.group===i?"":i,this.requestUpdate()}}>${s}</button>`;return a`<ha-card>
      <div class="header">${p(c)}<h2>${this.config.title??this.word("contacts")}</h2>
        <span class="file"><span class="wide">${p(v)}${this.word("import_contacts")}</span><input type="file" accept=".vcf,.csv,.xml,text/vcard,text/csv,text/xml" aria-label=${this.word("import_contacts")} @change=${this.importFile} /></span>
        <button class="round" title=${this.word("add_contact")} aria-label=${this.word("add_contact")} @click=${()=>this.edit(M)}>${d("add")}</button></div>
      ${this.problem?this.notice(this.problem,"cancelled"):r}
      ${this.imported?this.report(this.imported):r}
      ${this.editing?this.form(this.editing):r}
      <div class="tools">
        <input type="search" placeholder=${this.word("find")} aria-label=${this.word("find")} @input=${i=>{this.find=i.target.value,this.requestUpdate()}} />
        ${(this.book?.groups??[]).map(i=>e(i,i))}
      </div>
      ${!this.book&&!this.problem?a`<div class="skeleton"></div><div class="skeleton"></div>`:r}
      ${this.book&&!t.length?a`<div class="empty">${p(c)}<span>${this.word("no_contacts")}</span></div>`:r}
      <ul class="grid">${S(t,i=>i.id,i=>this.row(i))}</ul>
    </ha-card>`}row(t){let e=P(t),i=t.numbers?.find(s=>s.kind!=="fax"&&!s.number.endsWith("*"));return a`<li data-entry=${t.id}>
      ${q(e,t.id)}
      <span class="text"><span class="title cut"><bdi>${e}</bdi></span>
        <span class="sub cut">${(t.numbers??[]).map((s,n)=>a`${n?" \xB7 ":""}${b(s.typed||s.number)}`)}</span>
        ${t.groups?.length||t.company&&t.company!==e?a`<span class="sub cut"><bdi>${[t.company!==e?t.company:"",...t.groups??[]].filter(Boolean).join(" \xB7 ")}</bdi></span>`:r}</span>
      <span class="buttons">
        ${i&&y(this.mine?.account)?a`<button class="round" title=${this.word("call")} aria-label="${this.word("call")}: ${e}" ?disabled=${this.busy} @click=${()=>this.call(i.number)}>${d("phone")}</button>`:r}
        <button class="round bare" title=${this.word("edit")} aria-label="${this.word("edit")}: ${e}" @click=${()=>this.edit(t)}>${p(w)}</button>
      </span>
    </li>`}form(t){let e=(i,s,n)=>a`<label>${s}<input name=${i} .value=${n} autocomplete="off" /></label>`;return a`<form @submit=${this.save} aria-label=${t.id?this.word("edit"):this.word("add_contact")}>
      ${e("name",this.word("name"),t.name??"")}
      ${e("company",this.word("company"),t.company??"")}
      <label>${this.word("numbers")}<textarea name="numbers" rows="3" dir="ltr" .value=${(t.numbers??[]).map(i=>i.typed||i.number).join(`
`)}></textarea></label>
      ${e("groups",this.word("groups"),(t.groups??[]).join(", "))}
      ${t.messages||h.accounts.some(i=>i.can.includes("send_sms"))?a`<label class="check"><input name="messages" type="checkbox" .checked=${t.messages??!1} /><span>${this.word("send_messages")}</span></label>`:r}
      <div class="actions">
        <button class="wide go" type="submit" ?disabled=${this.busy}>${d("check")}${this.word("save")}</button>
        <button class="wide" type="button" @click=${()=>this.edit(void 0)}>${this.word("cancel")}</button>
        ${t.id?a`<button class="wide stop soft" type="button" ?disabled=${this.busy} @click=${()=>this.erase(t)}>${p($)}${this.word("delete")}</button>`:r}
      </div>
    </form>`}report(t){return a`<div class="notice plain" role="status">${d("check")}<span>${this.word("imported",{count:String(t.added+t.completed)})}
      ${t.uncertain.length?a`<br />${this.word("uncertain")}${t.uncertain.slice(0,20).map(e=>a`<br /><bdi>${e.name}</bdi> ${b(e.number)}`)}`:r}</span></div>`}edit(t){this.editing=t,this.problem="",this.imported=void 0,this.requestUpdate(),t&&this.updateComplete.then(()=>this.renderRoot.querySelector("form input")?.focus())}async change(t){this.busy=!0,this.problem="",this.requestUpdate();try{await t(),this.editing=void 0,await this.load()}catch(e){this.problem=m(this.hass,e)}this.busy=!1,this.requestUpdate()}erase(t){this.change(()=>this.hass.callService("pbx","remove_from_phone_book",{entry_id:t.id},void 0,!1))}async call(t){this.busy=!0,await this.place(k(t)),this.busy=!1,this.requestUpdate()}};export{R as ContactsCard};
