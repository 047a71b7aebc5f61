// Search on pages that are opened as files: browsers start no Worker there, so its script runs in
// a hidden frame. Not used on a server. The offline plugin of the theme asks for such a script by
// this file's name.
if (location.protocol === "file:") {
  const prelude = `
    window.postMessage = (data) => parent.postMessage(data, "*");
    window.importScripts = (...urls) => urls.reduce((before, url) => before.then(() =>
      new Promise((done, failed) => {
        const script = document.createElement("script");
        script.src = url;
        script.onload = done;
        script.onerror = failed;
        document.body.appendChild(script);
      })), Promise.resolve());`;

  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      document.body.appendChild(frame);
      this.window = frame.contentWindow;
      window.addEventListener("message", (event) => {
        if (event.source === this.window) {
          this.dispatchEvent(new MessageEvent("message", { data: event.data }));
        }
      });
      this.loaded = new Promise((done) => frame.addEventListener("ready", done, { once: true }));
      this.window.document.open();
      this.window.document.write(
        `<html><body><script>${prelude}<\/script><script src="${url}"><\/script>` +
        `<script>frameElement.dispatchEvent(new Event("ready"));<\/script></body></html>`);
      this.window.document.close();
      this.frame = frame;
    }

    postMessage(data) {
      this.loaded.then(() => this.window.dispatchEvent(new MessageEvent("message", { data })));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
