// What a person would see on the page in view, told to the tests. Every page has it as `look`.
window.look = (() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const text = (selector, root = document) => root.querySelector(selector)?.innerText.trim() ?? "";

  /** Something is painted on it. */
  const inked = (canvas) => {
    if (canvas.width * canvas.height === 0) return false;
    return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte > 0);
  };

  /** Lines, bars or cells have been drawn, and take room. */
  const drawn = (svg) => all("path", svg).some((path) => path.getBBox().width * path.getBBox().height > 0);

  /** How much a tile or a section shows: rows of its table, charts, or 1 for a figure. */
  const shown = (box) => {
    if (box.querySelector(".loading, .no-rows, .fault, .tile-error, [data-problem]")) return 0;
    const figures = all(".stat-value", box).filter((figure) => /\d/.test(figure.innerText)).length;
    const charts = all("head-chart", box).filter((chart) => all("canvas", chart).some(inked) || all("svg", chart).some(drawn)).length;
    return all("tbody tr", box).length + figures + charts;
  };

  const tiles = () =>
    all(".tile").map((tile) => ({
      title: text("h2", tile),
      value: text(".stat-value, tbody", tile),
      standing: text("footer .standing", tile),
      told: tile.querySelector("footer .standing")?.title ?? "",
      badge: tile.querySelector("parity-badge button")?.ariaLabel ?? "",
      shown: shown(tile),
    }));

  const sections = () => all(".section").map((section) => ({ title: text("h3", section), text: section.innerText, hasData: section.querySelector(".csv") !== null, shown: shown(section) }));

  /** How the server answered what the page asked for under this path. */
  const answers = (path) => performance.getEntriesByType("resource").filter(({ name }) => new URL(name).pathname.startsWith(path)).map(({ responseStatus }) => responseStatus);

  const errors = () => all(".fault, .tile-error, [data-problem], .banner, .locked, .tile footer .bad").map((one) => one.innerText || one.dataset.problem);

  /** Names and figures that do not fit into their place, or that share it. */
  const cut = () => {
    const tooLarge = all("main h2, main h3, .badge, .stat-value, .standing, .paper-facts dd").filter(
      (one) => one.checkVisibility() && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 2) && getComputedStyle(one).display !== "inline",
    );
    return tooLarge.map((one) => one.innerText);
  };

  const overlaps = (selector) => {
    const boxes = all(selector).map((one) => [one.innerText.split("\n")[0], one.getBoundingClientRect()]);
    return boxes.flatMap(([name, a], i) =>
      boxes.slice(i + 1).flatMap(([other, b]) => (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1 ? [`${name} / ${other}`] : [])),
    );
  };

  // Colours: [red, green, blue, opacity], each from 0 to 1.
  const colour = (css) => {
    const parts = css.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
    const scale = css.startsWith("rgb") ? 255 : 1;
    return [...parts.slice(0, 3).map((part) => part / scale), parts[3] ?? 1];
  };
  const over = ([r, g, b, a], [r2, g2, b2]) => [r * a + r2 * (1 - a), g * a + g2 * (1 - a), b * a + b2 * (1 - a), 1];
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const chain = (one) => (one ? [one, ...chain(one.parentElement)] : []);
  const ground = (one) => chain(one).reduceRight((under, each) => over(colour(getComputedStyle(each).backgroundColor), under), [1, 1, 1, 1]);

  /** Text that stands out too little from what is behind it: WCAG 2.2, level AA. */
  const faint = () => {
    const found = new Set();
    for (const one of all("body *")) {
      const words = [...one.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()).map((node) => node.data.trim()).join(" ");
      if (!words || !one.checkVisibility({ opacityProperty: true }) || one.closest(".visually-hidden, .skip, option, :disabled, title, style, script")) continue;
      const style = getComputedStyle(one);
      const behind = ground(one);
      const [r, g, b, a] = colour(one instanceof SVGElement ? style.fill : style.color);
      const opacity = chain(one).reduce((product, each) => product * Number(getComputedStyle(each).opacity), a);
      const [high, low] = [luminance(over([r, g, b, opacity], behind)), luminance(behind)].sort((x, y) => y - x);
      const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
      const ratio = (high + 0.05) / (low + 0.05);
      if (ratio < (large ? 3 : 4.5)) found.add(`${words.slice(0, 40)} (${ratio.toFixed(2)})`);
    }
    return [...found];
  };

  /** How light the page is behind everything, from 0 to 1. */
  const lightness = () => luminance(ground(document.body));

  return { all, tiles, sections, answers, errors, cut, overlaps, faint, lightness };
})();
