async function t(){let{Saver:e}=await import("./saver-form-5TPHWN4L.js");customElements.get("pbx-saver")||customElements.define("pbx-saver",e)}export{t as a};
