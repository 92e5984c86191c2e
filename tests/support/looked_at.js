({own}) => {
  const every = (query) => [...document.querySelectorAll(query)];
  const told = (one) => one.outerHTML.slice(0, 120);
  const shown = (one) => one.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true});
  // WCAG 2.2, 2.5.8: 24 by 24, but for links in a sentence.
  const inSentence = (one) => getComputedStyle(one).display === "inline"
    && one.parentElement.textContent.trim() !== one.textContent.trim();
  const target = (one) => (one.closest("label") || one).getBoundingClientRect();
  const small = every("a[href], button, input:not([type=hidden]), select, textarea, summary")
    .filter((one) => shown(one) && !inSentence(one))
    .filter((one) => target(one).width < 24 || target(one).height < 24).map(told);
  const edge = document.documentElement.clientWidth;
  const out = (one) => { const at = one.getBoundingClientRect();
    return at.width > 0 && (at.left < -1 || at.right > edge + 1); };
  const outside = every("body *").filter((one) => shown(one) && !one.matches(".skip, .skip *") && out(one)).map(told);
  const ids = every("[id]").map((one) => one.id);
  const texts = [document.title];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    if (!walk.currentNode.parentElement.closest("code, style, [lang]:not(html)")) texts.push(walk.currentNode.data);
  }
  for (const name of ["placeholder", "aria-label", "title", "alt"]) {
    texts.push(...every(`[${name}]`).map((one) => one.getAttribute(name)));
  }
  const foreign = (text) => own.reduce((left, one) => left.replaceAll(one, " "), text).match(/[A-Za-z]{2,}/g) || [];
  const [page] = performance.getEntriesByType("navigation");
  const parts = performance.getEntriesByType("resource");
  const brand = document.querySelector(".brand").getBoundingClientRect();
  return {
    language: document.documentElement.lang,
    direction: document.documentElement.dir,
    title: document.title,
    headings: every("h1").filter((one) => one.textContent.trim()).length,
    skips: document.querySelector("body > a")?.getAttribute("href") === "#main" && !!document.querySelector("main#main"),
    scripts: every("script, [onclick], [style]:not([style=''])").map(told),
    width: document.documentElement.scrollWidth,
    wide: every("body *").filter((one) => one.scrollWidth > edge).map(told).slice(-1),
    small, outside,
    twice: ids.filter((one, at) => ids.indexOf(one) !== at),
    mirrored: (brand.left > edge / 2) === (document.documentElement.dir === "rtl"),
    bytes: [page, ...parts].reduce((sum, one) => sum + one.decodedBodySize, 0),
    latin: texts.flatMap(foreign).filter((one) => !["Abri", "SHA"].includes(one)),
  };
}
