/** The frame of every page of the pretend Microsoft: its own plain look, readable on a telephone and without colour. */
import { type Content, html, trusted } from "../common/html.ts";

const STYLE = `
:root { color-scheme: light dark; --ink:#1d2433; --soft:#5b6478; --paper:#fff; --ground:#eef1f6; --line:#d4dae5;
  --accent:#3d4db3; --on-accent:#fff; --good:#17663f; --warn:#8a4b00; --bad:#a3212f; --tint:#f5f7fb; }
@media (prefers-color-scheme: dark) { :root { --ink:#e9ecf5; --soft:#a9b2c7; --paper:#1b202c; --ground:#11141c;
  --line:#343c4f; --accent:#a9b6ff; --on-accent:#10142b; --good:#7fdcac; --warn:#ffc37a; --bad:#ff9aa5; --tint:#232937; } }
* { box-sizing: border-box; }
body { margin:0; background:var(--ground); color:var(--ink); font:17px/1.5 system-ui,"Noto Sans",sans-serif; }
.standin { background:repeating-linear-gradient(-45deg,#ffe08a 0 14px,#ffd45e 14px 28px); color:#3a2c00; font-size:15px;
  padding:.5rem 1rem; text-align:center; font-weight:600; }
main { max-width:36rem; margin:clamp(1rem,5vh,3.5rem) auto; padding:0 1rem 2rem; }
main.wide { max-width:62rem; }
.card { background:var(--paper); border:1px solid var(--line); border-radius:14px; padding:clamp(1.1rem,4vw,2rem); margin-bottom:1.2rem; }
h1 { font-size:1.5rem; line-height:1.25; margin:0 0 .4rem; } h2 { font-size:1.1rem; margin:1.4rem 0 .5rem; }
.card > h2:first-child { margin-top:0; } .card > :last-child, .card form > :last-child { margin-bottom:0; }
.cancel { margin-top:1.2rem; } h1 + .stage, h1 + .row { margin-top:1rem; }
.unseen { position:absolute; width:1px; height:1px; overflow:hidden; clip-path:inset(50%); white-space:nowrap; }
.error { border-left:5px solid var(--bad); background:var(--tint); padding:.7rem 1rem; border-radius:8px; }
p { margin:.4rem 0 1rem; } .soft { color:var(--soft); } small { font-size:.9rem; }
a { color:var(--accent); }
button, .button { font:inherit; font-weight:600; min-height:48px; padding:.6rem 1.1rem; border-radius:10px; cursor:pointer;
  border:1px solid var(--line); background:var(--tint); color:var(--ink); text-decoration:none; display:inline-block; }
button:hover, .button:hover { border-color:var(--accent); }
button.primary { background:var(--accent); border-color:var(--accent); color:var(--on-accent); }
button.bad { border-color:var(--bad); color:var(--bad); background:transparent; }
button:disabled { opacity:.55; cursor:default; }
:focus-visible { outline:3px solid var(--accent); outline-offset:2px; }
.account { display:flex; width:100%; gap:.9rem; align-items:center; text-align:left; margin:.5rem 0; font-weight:400; }
.account strong { display:block; overflow-wrap:anywhere; } .account small { color:var(--soft); overflow-wrap:anywhere; }
.face { flex:none; width:42px; height:42px; border-radius:50%; display:grid; place-items:center; background:var(--accent);
  color:var(--on-accent); font-weight:700; }
.row { display:flex; flex-wrap:wrap; gap:.6rem; align-items:center; }
.grow { flex:1 1 12rem; min-width:0; overflow-wrap:anywhere; }
input[type=text] { font:inherit; min-height:48px; width:100%; padding:.5rem .8rem; border-radius:10px; border:1px solid var(--soft);
  background:var(--paper); color:var(--ink); }
label { font-weight:600; display:block; margin-bottom:.3rem; }
.act { margin:0; display:inline-block; } .act:has(.account), .act:has(h2) { display:block; margin:.4rem 0; }
ul.plain { list-style:none; margin:0; padding:0; } ul.plain > li { padding:.6rem 0; border-top:1px solid var(--line); }
ul.plain > li:first-child { border-top:0; }
.tag { font-size:.9rem; font-weight:600; } .tag.in { color:var(--good); } .tag.lobby { color:var(--warn); } .tag.out { color:var(--soft); }
.notice { border-left:5px solid var(--accent); background:var(--tint); padding:.7rem 1rem; border-radius:8px; margin:0 0 1rem; }
.stage { background:#1a2036; color:#eef1ff; border-radius:12px; min-height:9rem; display:grid; place-items:center; text-align:center;
  padding:1.2rem; margin:0 0 1rem; font-size:1.15rem; font-weight:600; }
table { border-collapse:collapse; width:100%; font-size:.95rem; } th,td { text-align:left; padding:.45rem .6rem .45rem 0;
  border-top:1px solid var(--line); vertical-align:top; overflow-wrap:break-word; } th { border-top:0; color:var(--soft); font-weight:600; }
.scroll { overflow-x:auto; }
`;

export interface Page {
  readonly title: string;
  readonly body: Content;
  readonly standIn: string;
  readonly script?: string;
  readonly wide?: boolean;
}

export function page({ title, body, standIn, script, wide }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${trusted(STYLE)}</style>
</head>
<body>
<div class="standin" role="note">${standIn}</div>
<main class="${wide ? "wide" : ""}">
${body}
</main>
${script ? trusted(`<script>${script}</script>`) : ""}
</body>
</html>`.text;
}

export function initials(name: string): string {
  const words = name.split(/[\s-]+/).filter((word) => word !== "");
  return words
    .slice(0, 2)
    .map((word) => word[0]?.toUpperCase() ?? "")
    .join("");
}
