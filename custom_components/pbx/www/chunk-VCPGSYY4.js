async function t(){let{Saver:e}=await import("./saver-form-5QZUJHQN.js");customElements.get("pbx-saver")||customElements.define("pbx-saver",e)}export{t as a};
