// The one name of ours that is global, `s1`; everything else is a module that imports what it uses. Gradio keeps its handlers as text
// and calls them when it likes, also before a module is there, so they need a name that is there first. This script is put into the
// page's head as it is; `data-modules` of its element says where the modules are.

{
  const modules = new URL(document.currentScript.dataset.modules, document.baseURI);
  const mounting = new Set();

  async function load(name) {
    try {
      return await import(new URL(`${name}.js`, modules));
    } catch (error) {
      const text = "A part of this page could not be loaded. Check the connection, then reload the page.";
      const line = Object.assign(document.createElement("p"), { id: "not-loaded", role: "alert", textContent: text });
      if (!document.getElementById(line.id)) document.body.prepend(line);
      throw error;
    }
  }

  // Values that come before the module has asked for them are kept, and it is called with the newest.
  async function mount(name, { watch, ...component }) {
    let changed = false;
    watch("value", () => (changed = true));
    const [module, { translate }] = await Promise.all([load(name), load("page/language")]);
    translate(component.element);
    module.mount({
      ...component,
      watch(prop, act) {
        watch(prop, act);
        if (changed) queueMicrotask(act);
      },
    });
  }

  window.s1 = {
    // For handlers: a module by its path in ui/, once the components that are on the page have got theirs.
    async module(name) {
      const module = await load(name);
      await Promise.allSettled(mounting);
      return module;
    },

    // For a component: load its module and call its `mount` with what Gradio offers (bundle.py).
    mount(name, component) {
      const mounted = mount(name, component);
      mounting.add(mounted);
      return mounted.finally(() => mounting.delete(mounted));
    },
  };
}
