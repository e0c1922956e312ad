async function t(){let{Saver:e}=await import("./saver-form-M3Q5VRNN.js");customElements.get("pbx-saver")||customElements.define("pbx-saver",e)}export{t as a};
