import{a as U}from"./chunk-3C7BZ5ZY.js";import{b as R,c as D,g as O}from"./chunk-GNQTT7CJ.js";import{$ as S,C as k,H as E,J as h,M as _,N as m,R as T,_ as g,a as $,aa as b,b as n,ca as I,d as o,g as u,h as v,ha as P,i as w,n as y,p,q as l}from"./chunk-VEAHNQSQ.js";var C=R(class extends D{constructor(){super(...arguments),this.key=o}render(s,a){return this.key=s,a}update(s,[a,t]){return a!==this.key&&(O(s),this.key=a),t}});var V={ar:"windows-1256",cs:"windows-1250",pl:"windows-1250",uk:"windows-1251"},A=/^(?:[\w-]+\.)?(?:PHOTO|LOGO|SOUND|KEY)[;:][^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r?\n|$)/gim,G=4e6;function M(s,a){let t=`${s[0]} ${s[1]}`;if(t==="255 254")return new TextDecoder("utf-16le").decode(s);if(t==="254 255")return new TextDecoder("utf-16be").decode(s);try{return new TextDecoder("utf-8",{fatal:!0}).decode(s)}catch{return new TextDecoder(V[a.split("-")[0]]??"windows-1252").decode(s)}}var q=s=>/^\s*BEGIN:VCARD/i.test(s)?s.replace(A,""):s,N=s=>new TextEncoder().encode(JSON.stringify(s)).length<=G;function B(s,a){let t=[],e=`,${s},`;for(let i of a.filter(r=>r.includes(",")).sort((r,d)=>d.length-r.length)){let r=i.replace(/[.*+?^${}()|[\]\\]/g,"\\$&");e=e.replace(new RegExp(`,\\s*${r}\\s*(?=,)`),()=>(t.push(i),","))}return[...t,...e.split(",").map(i=>i.trim()).filter(Boolean)]}var H=20,Y={id:""},L=s=>s.name||s.company||"",W=s=>s.typed&&!/[\n;]/.test(s.typed)?s.typed.trim():s.number,J=s=>s.split(/[\n;]/).map(a=>a.trim()).filter(Boolean),z=class extends P{constructor(){super();this.find="";this.group="";this.busy=!1;this.asked=!1;this.opener=null;this.save=t=>{t.preventDefault();let e=this.editing,i=new FormData(t.target),r=c=>String(i.get(c)??"").trim(),d=[...e.numbers??[]],j=c=>{let x=d.findIndex(F=>W(F)===c);return x<0?{number:c,kind:"other"}:d.splice(x,1)[0]},f={name:r("name"),company:r("company"),groups:B(r("groups"),this.book?.groups??[]),numbers:J(r("numbers")).map(j),messages:i.has("messages")};this.change(()=>e.id?this.hass.callWS({type:"pbx/phone_book/update",entry_id:e.id,...f}):this.hass.callService("pbx","add_to_phone_book",f,void 0,!1))};this.importFile=async t=>{let e=t.target,i=e.files?.[0];i&&await this.change(async()=>{let r=q(M(new Uint8Array(await i.arrayBuffer()),this.hass.language));if(e.value="",!N(r))throw new Error(this.word("file_too_large"));let d=await this.hass.callService("pbx","import_phone_book",{text:r},void 0,!1,!0);this.imported=d.response})};new T(this,["accounts","me"])}static{this.styles=[S,$`
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
    `]}connectedCallback(){super.connectedCallback(),this.asked&&this.load()}async load(){this.book||(this.problem="");try{this.book=await this.hass.callWS({type:"pbx/phone_book/list"}),this.book.groups.includes(this.group)||(this.group="")}catch(t){this.problem=g(this.hass,t)}this.requestUpdate()}get found(){let t=this.find.trim();return(this.book?.entries??[]).filter(e=>{if(this.group&&!e.groups?.includes(this.group))return!1;let i=(e.numbers??[]).map(r=>`${r.number} ${r.typed??""}`).join(" ");return!t||_(t,L(e),i)||h(`${e.company??""} ${(e.groups??[]).join(" ")}`).includes(h(t))})}render(){!this.asked&&this.hass&&m.ready&&(this.asked=!0,queueMicrotask(()=>{this.load()}));let t=this.found,e=(i,r)=>n`<button class="chip" aria-pressed=${this.group===i} @click=${()=>{this.group=this.group===i?"":i,this.requestUpdate()}}>${r}</button>`;return n`<ha-card>
      <div class="header">${p(u)}<h2>${this.config.title??this.word("contacts")}</h2>
        <span class="file"><span class="wide">${p(w)}${this.word("import_contacts")}</span><input type="file" accept=".vcf,.csv,.xml,text/vcard,text/csv,text/xml" aria-label=${this.word("import_contacts")} @change=${this.importFile} /></span>
        <button class="round" title=${this.word("add_contact")} aria-label=${this.word("add_contact")} @click=${()=>this.edit(Y)}>${l("add")}</button></div>
      ${this.problem?this.notice(this.problem,"cancelled"):o}
      ${this.imported?this.report(this.imported):o}
      ${this.editing?C(this.editing,this.form(this.editing)):o}
      <div class="tools">
        <input type="search" placeholder=${this.word("find")} aria-label=${this.word("find")} @input=${i=>{this.find=i.target.value,this.requestUpdate()}} />
        ${(this.book?.groups??[]).map(i=>e(i,i))}
      </div>
      ${!this.book&&!this.problem?n`<div class="skeleton"></div><div class="skeleton"></div>`:o}
      ${this.book&&!t.length?n`<div class="empty">${p(u)}<span>${this.word("no_contacts")}</span></div>`:o}
      <ul class="grid">${U(t,i=>i.id,i=>this.row(i))}</ul>
    </ha-card>`}row(t){let e=L(t),i=t.numbers?.find(r=>r.kind!=="fax"&&!r.number.endsWith("*"));return n`<li data-entry=${t.id}>
      ${I(e,t.id)}
      <span class="text"><span class="title cut"><bdi>${e}</bdi></span>
        <span class="sub cut">${(t.numbers??[]).map((r,d)=>n`${d?" \xB7 ":""}${b(r.typed||r.number)}`)}</span>
        ${t.groups?.length||t.company&&t.company!==e?n`<span class="sub cut"><bdi>${[t.company!==e?t.company:"",...t.groups??[]].filter(Boolean).join(" \xB7 ")}</bdi></span>`:o}</span>
      <span class="buttons">
        ${i&&k(this.mine?.account)?n`<button class="round" title=${this.word("call")} aria-label="${this.word("call")}: ${e}" ?disabled=${this.busy} @click=${()=>this.call(i.number)}>${l("phone")}</button>`:o}
        <button class="round bare" title=${this.word("edit")} aria-label="${this.word("edit")}: ${e}" @click=${()=>this.edit(t)}>${p(y)}</button>
      </span>
    </li>`}form(t){let e=(i,r,d)=>n`<label>${r}<input name=${i} .value=${d} autocomplete="off" /></label>`;return n`<form @submit=${this.save} aria-label=${t.id?this.word("edit"):this.word("add_contact")}>
      ${e("name",this.word("name"),t.name??"")}
      ${e("company",this.word("company"),t.company??"")}
      <label>${this.word("numbers")}<textarea name="numbers" rows="3" dir="ltr" .value=${(t.numbers??[]).map(W).join(`
`)}></textarea></label>
      ${e("groups",this.word("groups"),(t.groups??[]).join(", "))}
      ${t.messages||m.accounts.some(i=>i.can.includes("send_sms"))?n`<label class="check"><input name="messages" type="checkbox" .checked=${t.messages??!1} /><span>${this.word("send_messages")}</span></label>`:o}
      <div class="actions">
        <button class="wide go" type="submit" ?disabled=${this.busy}>${l("check")}${this.word("save")}</button>
        <button class="wide" type="button" @click=${()=>this.edit(void 0)}>${this.word("cancel")}</button>
        ${t.id?n`<button class="wide stop soft" type="button" ?disabled=${this.busy} @click=${()=>this.erase(t)}>${p(v)}${this.word("delete")}</button>`:o}
      </div>
    </form>`}report(t){return n`<div class="notice plain" role="status">${l("check")}<span>${this.word("imported",{count:String(t.added+t.completed)})}
      ${t.uncertain.length?n`<br />${this.word("uncertain")}${t.uncertain.slice(0,H).map(e=>n`<br /><bdi>${e.name}</bdi> ${b(e.number)}`)}${t.uncertain.length>H?n`<br />… (${t.uncertain.length})`:o}`:o}</span></div>`}updated(t){super.updated(t),!(this.editing||!this.opener)&&(document.activeElement===document.body&&this.opener.focus(),this.opener=null)}edit(t){t&&!this.editing&&(this.opener=this.renderRoot.activeElement),this.editing=t,this.problem="",this.imported=void 0,this.requestUpdate(),t&&this.updateComplete.then(()=>this.renderRoot.querySelector("form input")?.focus())}async change(t){this.busy=!0,this.problem="",this.requestUpdate();try{await t(),this.editing=void 0,await this.load()}catch(e){this.problem=g(this.hass,e)}this.busy=!1,this.requestUpdate()}erase(t){this.change(()=>this.hass.callService("pbx","remove_from_phone_book",{entry_id:t.id},void 0,!1))}async call(t){this.busy=!0,await this.place(E(t)),this.busy=!1,this.requestUpdate()}};export{z as ContactsCard};
