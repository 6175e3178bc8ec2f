// <api-call>: its form sends the call with the page's token, and shows the answer below.
const MOST_CHARACTERS = 20_000;

class ApiCall extends HTMLElement {
  connectedCallback() {
    this.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  async send() {
    const button = this.querySelector("button");
    button.disabled = true;
    try {
      await this.show(await fetch(this.buildAddress(), this.buildRequest()));
    } catch (error) {
      this.showText(String(error), "");
    } finally {
      button.disabled = false;
    }
  }

  listFields(place) {
    return [...this.querySelectorAll(`[data-place="${place}"]`)].filter((field) => field.value);
  }

  buildAddress() {
    const path = this.dataset.path.replace(/\{(\w+)\}/g, (_, name) =>
      encodeURIComponent(this.querySelector(`[name="${name}"]`).value),
    );
    const query = new URLSearchParams(this.listFields("query").map((field) => [field.name, field.value]));
    return query.size ? `${path}?${query}` : path;
  }

  buildRequest() {
    const headers = new Headers(this.listFields("header").map((field) => [field.name, field.value]));
    const token = document.querySelector("#api-token").value.trim();
    if (token) headers.set("Authorization", `Bearer ${token}`);
    // Sessions open nothing, so the answer is what a script would get.
    const request = { method: this.dataset.method, headers, credentials: "omit" };
    const [file] = this.listFields("file");
    const [body] = this.listFields("body");
    if (file) {
      request.body = new FormData();
      request.body.append("file", file.files[0]);
    } else if (body) {
      headers.set("Content-Type", "application/json");
      request.body = body.value;
    }
    return request;
  }

  async show(answer) {
    const type = answer.headers.get("Content-Type") ?? "";
    const status = `${answer.status} ${answer.statusText}`;
    if (type.startsWith("image/")) {
      const size = (await answer.blob()).size;
      this.showText(status, `${type}, ${size} bytes`);
      return;
    }
    const text = await answer.text();
    const isJson = type.includes("json") && text;
    this.showText(status, isJson ? JSON.stringify(JSON.parse(text), null, 2) : text);
  }

  showText(status, text) {
    this.querySelector("[data-status]").textContent = status;
    const shown = this.querySelector("pre");
    shown.textContent = text.slice(0, MOST_CHARACTERS);
    shown.hidden = !text;
  }
}
customElements.define("api-call", ApiCall);
