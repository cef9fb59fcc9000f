/** The page's style. Colours are never the only sign: each has its words beside it. */
export const style = `
:root {
    color-scheme: light dark;
    --page: #f6f7f9; --card: #ffffff; --line: #d5dae0; --text: #1c2128; --quiet: #565f6b;
    --link: #0a58ca; --good: #116329; --good-back: #dcf5e3; --bad: #a11227; --bad-back: #ffe9e8;
    --busy: #7a4b00; --busy-back: #fff3cd; --back: #eceff3;
    --v0: #cfe2ff; --v1: #d3f1dd; --v2: #ffe4c4; --v3: #ead9fb; --v4: #fbd9e5; --v5: #d2eef2;
}
@media (prefers-color-scheme: dark) {
    :root {
        --page: #0f1318; --card: #181d24; --line: #353d47; --text: #e4e9ef; --quiet: #a0aab6;
        --link: #7ab0ff; --good: #6fdc8c; --good-back: #12351f; --bad: #ff9c9c;
        --bad-back: #48181c;
        --busy: #f5c860; --busy-back: #3d2e08; --back: #252c35;
        --v0: #1d3f73; --v1: #1c4d30; --v2: #633c10; --v3: #47296a; --v4: #662740; --v5: #174b54;
    }
}
@media print {
    :root {
        color-scheme: light;
        --page: #ffffff; --card: #ffffff; --line: #b5bcc4; --text: #000000; --quiet: #444c56;
        --link: #000000; --good: #116329; --bad: #a11227; --busy: #7a4b00; --back: #ffffff;
        --v0: #cfe2ff; --v1: #d3f1dd; --v2: #ffe4c4; --v3: #ead9fb; --v4: #fbd9e5; --v5: #d2eef2;
        --good-back: #ffffff; --bad-back: #ffffff; --busy-back: #ffffff;
    }
    article, .days > li { break-inside: avoid; }
    svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
*, ::before { box-sizing: border-box; }
body {
    margin: 0; background: var(--page); color: var(--text); overflow-wrap: anywhere;
    font: 0.9375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
.page, main { max-width: 84rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 3rem); }
.page { padding-top: clamp(1.5rem, 4vw, 3rem); color: var(--quiet); }
main { padding-bottom: 4rem; }
h1, h2, h3, p, ol, ul, dl, dd, figure { margin: 0; padding: 0; }
ol, ul { list-style: none; }
h1 {
    color: var(--text); font-size: clamp(1.5rem, 6vw, 2rem); line-height: 1.2;
    letter-spacing: -0.02em;
}
h2 { margin: 2.5rem 0 1rem; font-size: 1.1875rem; letter-spacing: -0.01em; }
h3 { font-size: 1rem; }
.summary { margin: 0.5rem 0 0.25rem; color: var(--text); font-size: 1.0625rem; }
code {
    font: 0.8125rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
dd .unknown { color: var(--quiet); font-style: italic; }

.unread {
    margin-top: 1.25rem; padding: 0.75rem 1rem; border-radius: 8px;
    border: 1px solid var(--busy); background: var(--busy-back); color: var(--busy);
}
.unread h2 { margin: 0 0 0.25rem; font-size: 1rem; }
.unread li + li { margin-top: 0.5rem; }
.unread span { display: block; font-size: 0.875rem; }

.environments {
    display: grid; gap: 1.25rem; align-items: stretch;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr));
}
.environments > li { display: flex; max-width: 30rem; }
article {
    flex: 1; min-width: 0; display: flex; flex-direction: column; gap: 0.875rem;
    padding: 1.125rem 1.25rem; border: 1px solid var(--line); border-radius: 12px;
    background: var(--card);
}
article header {
    display: flex; flex-wrap: wrap; gap: 0.25rem 0.5rem; justify-content: space-between;
    align-items: center;
}
article h3 { min-width: 0; color: var(--quiet); font-weight: 600; }
.status {
    padding: 0 0.625rem; border-radius: 1rem; font-size: 0.8125rem; font-weight: 600;
    flex: none;
    line-height: 1.625rem;
    background: var(--back); color: var(--quiet); border: 1px solid transparent; }
.status.good { background: var(--good-back); color: var(--good); }
.status.bad { background: var(--bad-back); color: var(--bad); }
.status.busy { background: var(--busy-back); color: var(--busy); }
.version { font-size: 1.75rem; line-height: 2rem; font-weight: 650; letter-spacing: -0.02em;
    margin-bottom: -0.625rem; }
.version.long { font-size: 1.375rem; }
.version.none { font-size: 1.375rem; color: var(--quiet); font-weight: 400; margin: 0; }
.since { color: var(--quiet); font-size: 0.8125rem; }
dl { border-top: 1px solid var(--line); }
dl > div {
    display: grid; grid-template-columns: 5rem minmax(0, 1fr); gap: 0.75rem;
    padding: 0.3125rem 0;
    border-bottom: 1px solid var(--line); }
dt { color: var(--quiet); }
dd { min-width: 0; }
.findings { display: flex; flex-wrap: wrap; gap: 0.25rem; }
.findings li { padding: 0 0.4375rem; border-radius: 5px; background: var(--back); }
.findings .critical, .findings .high {
    background: var(--bad-back); color: var(--bad); font-weight: 600;
}
.findings .medium { background: var(--busy-back); color: var(--busy); }
.message { padding: 0.5rem 0.75rem; border-left: 3px solid var(--quiet); background: var(--back);
    border-radius: 0 6px 6px 0; font-size: 0.875rem; }
.message.bad { border-color: var(--bad); background: var(--bad-back); color: var(--bad); }
.message.next { border-color: var(--link); }
details { margin-top: auto; font-size: 0.875rem; }
summary { cursor: pointer; color: var(--link); width: fit-content; }
details dl { margin-top: 0.5rem; }

section > p { color: var(--quiet); }
figure { margin: 1rem 0 1.5rem; padding: 1rem 1.25rem; background: var(--card);
    border: 1px solid var(--line); border-radius: 12px; }
figcaption { margin-top: 0.5rem; color: var(--quiet); font-size: 0.8125rem; }
figure > svg { display: block; }
svg text { font-size: 12px; fill: var(--text); }
text.lane { font-weight: 600; font-size: 13px; }
rect.lane { fill: var(--back); }
.day text, text.now { fill: var(--quiet); }
text.now { text-anchor: end; }
.day line { stroke: var(--line); }
rect.v0 { fill: var(--v0); } rect.v1 { fill: var(--v1); } rect.v2 { fill: var(--v2); }
rect.v3 { fill: var(--v3); } rect.v4 { fill: var(--v4); } rect.v5 { fill: var(--v5); }
.tag { padding: 0.0625rem 0.5rem; border-radius: 5px; font-weight: 600; }
.tag.v0 { background: var(--v0); } .tag.v1 { background: var(--v1); }
.tag.v2 { background: var(--v2); } .tag.v3 { background: var(--v3); }
.tag.v4 { background: var(--v4); } .tag.v5 { background: var(--v5); }
.days > li {
    display: grid; grid-template-columns: 11rem minmax(0, 1fr); gap: 0 1.5rem;
    padding: 0.625rem 0;
    border-top: 1px solid var(--line); }
.days { max-width: 56rem; }
.days h3 { padding-top: 0.1875rem; font-weight: 600; color: var(--quiet); font-size: 0.9375rem; }
.days ol > li {
    display: grid; grid-template-columns: 3.5rem 8rem 13rem minmax(0, 1fr); gap: 0.75rem;
    padding: 0.1875rem 0; align-items: baseline; }
.days time { font-variant-numeric: tabular-nums; }
.where { font-weight: 600; }
.days code { color: var(--quiet); }
.older { margin-top: 0.5rem; }
.what { display: flex; gap: 0.375rem; align-items: baseline; }
@media (max-width: 79rem) {
    text.widest { display: none; }
}
@media (max-width: 56rem) {
    text.wide { display: none; }
    .days > li { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 36rem) {
    .environments > li { max-width: none; }
    .days ol > li { grid-template-columns: 3rem minmax(5rem, 1fr) minmax(0, max-content); }
    .days code { display: none; }
    .what { flex-direction: row-reverse; }
    figure { padding: 0.75rem; }
}
@media (forced-colors: active) {
    .status, .tag, .findings li { border: 1px solid CanvasText; }
    svg rect { stroke: CanvasText; }
}
`;
