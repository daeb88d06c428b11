/**
 * The Personas page: who there is to talk to; what a persona is, knows and was; and how it answers, beside all that.
 *
 * The address tells what is open: `#/new`, `#/<persona>` or `#/<persona>/<tab>`, so that the browser's own buttons work;
 * `#/new/voice` and `#/<persona>/voice` make a voice for it, `#/new/with/<voice>` begins with one.
 */

import { Api } from "./api.js";
import { firstLanguage, inLanguage, sentence, translate } from "./i18n.js";
import { KnowledgePanel } from "./knowledge-panel.js";
import { PassageDialog } from "./knowledge-passage.js";
import { remember } from "./memory.js";
import { CardPanel } from "./personas-card.js";
import { TrialPanel } from "./personas-chat.js";
import { Desk, placed, talkTo } from "./personas-desk.js";
import { Gallery } from "./personas-gallery.js";
import { MakingPage } from "./personas-new.js";
import { VersionsPanel } from "./personas-versions.js";
import { build } from "./personas-view.js";
import { StudioPanel } from "./studio-panel.js";
import { CloningPage } from "./voices-clone.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

class PersonasPage {
  #view;
  #desk;
  #tab = "card";
  #portrait = "";
  #panels;
  #gallery;
  #making;
  #cloning;
  /** One that was made just now, until it is taken. */
  #voice = null;
  #passages;
  #leave = new AbortController();

  constructor(element, options) {
    this.#view = build(element);
    const desk = new Desk(this.#view, options.api ?? new Api());
    this.#desk = desk;
    this.#passages = new PassageDialog(element, desk.api);
    const open = (passage, quote) => this.#passages.open(desk.persona.id, passage, desk.language, quote);
    const at = (name) => this.#view.panels.get(name);
    const changed = (persona) => this.#changed(persona);
    const studio = new StudioPanel(at("studio"), desk, changed);
    const complain = (complaint) => {
      this.#go("studio");
      studio.complain(complaint);
    };
    this.#panels = {
      card: new CardPanel(at("card"), desk, changed),
      texts: new KnowledgePanel(at("texts"), desk, open),
      studio,
      versions: new VersionsPanel(at("versions"), desk, changed),
      trial: new TrialPanel(at("trial"), desk, { open, complain }),
    };
    this.#gallery = new Gallery(this.#view, desk);
    this.#making = new MakingPage(this.#view.making, desk, ({ id }) => {
      desk.made = id;
      this.#goTo(id, "texts");
    });
    this.#cloning = new CloningPage(this.#view.cloning, desk, (voice, ground) => this.#voiced(voice, ground));
    this.#listen();
    this.#speak(firstLanguage(options.language));
  }

  async start() {
    await this.#route();
  }

  close() {
    this.#leave.abort();
    this.#cloning.clear();
    for (const panel of Object.values(this.#panels)) panel.clear();
  }

  #listen() {
    const { signal } = this.#leave;
    addEventListener("hashchange", () => void this.#route(), { signal });
    addEventListener("beforeunload", (event) => this.#unsaved && event.preventDefault(), { signal });
    for (const button of this.#view.languages) {
      button.addEventListener("click", () => {
        remember("language", button.dataset.language);
        this.#speak(button.dataset.language);
      });
    }
    for (const button of this.#view.tabs) {
      button.addEventListener("click", () => this.#go(button.dataset.tab));
      button.addEventListener("keydown", (event) => this.#onTabKey(event));
    }
  }

  #onTabKey(event) {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const shown = this.#view.tabs.filter((each) => each.offsetParent !== null);
    const next = shown[(shown.indexOf(event.target) + step + shown.length) % shown.length];
    next.focus();
    this.#go(next.dataset.tab);
  }

  #go(tab) {
    this.#goTo(this.#desk.persona.id, tab);
  }

  #goTo(id, tab) {
    location.hash = `/${encodeURIComponent(id)}/${tab}`;
  }

  /** Show what the address names. */
  async #route() {
    const [id, tab = "card", voice] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
    const { home, making, cloning, workshop } = this.#view;
    if (!cloning.hidden && !(await this.#mayLeaveCloning())) return;
    if (this.#desk.persona && this.#desk.persona.id !== id && !(await this.#mayLeave())) return;
    if (id && id !== "new" && !(await this.#open(id))) return;
    home.hidden = id !== "";
    cloning.hidden = !id || tab !== "voice";
    making.hidden = id !== "new" || !cloning.hidden;
    workshop.hidden = !id || id === "new" || !cloning.hidden;
    if (!making.hidden && tab === "with") this.#voice = { id: voice, ground: null };
    if (!making.hidden) await this.#making.show();
    if (!id) await this.#gallery.show();
    if (!workshop.hidden) this.#choose(this.#shown(tab) ? tab : "card");
    if (!id || id === "new") this.#leaveWorkshop();
    if (!cloning.hidden) await this.#clone(id);
    this.#takeVoice();
    this.#title();
  }

  // a voice is made for a persona, one that is there or one that is being made

  async #clone(id) {
    const name = id === "new" ? this.#making.name : this.#desk.name;
    scrollTo(0, 0);
    await this.#cloning.show("", { name, back: placed(...(id === "new" ? ["new"] : [id, "card"])) });
  }

  /** Back to whom it was made for, who takes it there. */
  #voiced({ id }, ground) {
    this.#voice = { id, ground };
    location.hash = this.#desk.persona ? `/${encodeURIComponent(this.#desk.persona.id)}/card` : "/new";
  }

  #takeVoice() {
    if (this.#voice === null) return;
    const { id, ground } = this.#voice;
    this.#voice = null;
    if (!this.#view.making.hidden) this.#making.take(id, ground);
    else if (!this.#view.workshop.hidden) this.#panels.card.take(id);
  }

  /** A voice that was begun is not dropped unasked. */
  async #mayLeaveCloning() {
    if (this.#cloning.begun) {
      const drop = await this.#desk.confirm(this.#desk.say("leaveCloning"), this.#desk.say("leave"));
      if (!drop) {
        history.replaceState(null, "", placed(this.#desk.persona?.id ?? "new", "voice"));
        return false;
      }
    }
    this.#cloning.clear();
    return true;
  }

  /** What was not saved is not dropped unasked. */
  async #mayLeave() {
    if (!this.#panels.card.dirty) return true;
    const drop = await this.#desk.confirm(this.#desk.say("leaveUnsaved"), this.#desk.say("dropChanges"));
    if (!drop) history.replaceState(null, "", `#/${encodeURIComponent(this.#desk.persona.id)}/${this.#tab}`);
    return drop;
  }

  get #unsaved() {
    const { making, cloning } = this.#view;
    const writing = this.#desk.persona === null && (!making.hidden || !cloning.hidden);
    return this.#panels.card.dirty || this.#cloning.begun || (writing && this.#making.begun);
  }

  #leaveWorkshop() {
    for (const panel of Object.values(this.#panels)) panel.clear();
    this.#desk.persona = null;
  }

  /** Fetch a persona and give it to every panel; false where there is none, and the gallery is shown instead. */
  async #open(id) {
    if (this.#desk.persona?.id === id) return true;
    for (const panel of Object.values(this.#panels)) panel.clear();
    try {
      this.#desk.persona = await this.#desk.ask("GET", this.#desk.path("", id));
    } catch (error) {
      this.#desk.fail(error);
      location.hash = "";
      return false;
    }
    this.#show();
    for (const panel of Object.values(this.#panels)) panel.show();
    return true;
  }

  /** The server gave the persona anew. */
  #changed(persona) {
    this.#desk.persona = persona;
    this.#show();
    for (const panel of Object.values(this.#panels)) panel.changed?.();
  }

  /** Whether there is such a tab; on a wide page the test chat has none, since it is always there. */
  #shown(tab) {
    return this.#view.tabs.some((each) => each.dataset.tab === tab && each.offsetParent !== null);
  }

  #choose(tab) {
    this.#tab = tab;
    const { tabs, panels } = this.#view;
    for (const button of tabs) {
      const chosen = button.dataset.tab === tab;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
      if (chosen) button.parentElement.scrollLeft = button.offsetLeft - button.parentElement.clientWidth / 2;
    }
    for (const [name, panel] of panels) panel.classList.toggle("open", name === tab);
    this.#panels[tab].opened?.();
  }

  // what is shown

  #speak(language) {
    this.#desk.language = language;
    translate(this.#view.root, language);
    document.documentElement.lang = this.#view.root.lang;
    for (const button of this.#view.languages) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    this.#gallery.speak();
    this.#making.speak();
    this.#cloning.speak();
    for (const panel of Object.values(this.#panels)) panel.speak();
    if (this.#desk.persona) this.#show();
    this.#title();
  }

  #show() {
    const { persona, language } = this.#desk;
    const { name, facts, talk } = this.#view;
    const { card } = persona;
    name.textContent = inLanguage(card.name, language);
    const spoken = card.languages.map((each) => sentence(language, each === "zh" ? "chinese" : "english"));
    const kind = persona.built_in ? (persona.own ? "changedBuiltIn" : "builtIn") : "ownOne";
    facts.textContent = [spoken.join(" · "), this.#desk.say(kind), this.#desk.say("version", persona)].join("　");
    talk.href = talkTo(persona.id);
    this.#title();
    void this.#showPortrait(persona.portrait);
  }

  async #showPortrait(address) {
    if (address === this.#portrait) return;
    this.#portrait = address;
    const { picture } = this.#view;
    URL.revokeObjectURL(picture.src);
    picture.removeAttribute("src");
    if (!address) return;
    try {
      const shown = await this.#desk.api.picture(address);
      if (address === this.#portrait) picture.src = shown;
    } catch {
      picture.removeAttribute("src");
    }
  }

  #title() {
    const { persona, language } = this.#desk;
    const title = sentence(language, "personasTitle");
    document.title = persona ? `${inLanguage(persona.card.name, language)} · ${title}` : title;
  }
}

/**
 * Put the page into an element.
 *
 * @param {HTMLElement} element
 * @param {{language?: "zh" | "en", api?: Api}} options
 */
export async function mount(element, options = {}) {
  const page = new PersonasPage(element, options);
  await page.start();
  return page;
}
