import { html } from "lit-html";
import { followStatus, type OpenPage } from "../app.ts";
import { empty } from "../parts/notices.ts";

export const open: OpenPage = (app, path) => {
  const leave = followStatus(app);
  return {
    title: () => "Not found",
    view: () => empty(`There is no page at ${path}`, html`<a href="/">Go to the overview</a>`),
    close: leave,
  };
};
