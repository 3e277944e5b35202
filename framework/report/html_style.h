// The style sheet of the HTML report: light and dark by the reader's setting, readable on a phone, printable.
#pragma once

#include <string_view>

namespace ft::report {

inline constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --paper: #ffffff; --panel: #f4f6f8;
  --rule: #d8dee4; --mark: #eaf1fc; --gain: #1a6e34; --loss: #b3261e;
  --c0: #1f5fbf; --c1: #b3541e; --c2: #2b7a3d; --c3: #8a3ea8; --c4: #80660a; --c5: #0c7780; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #a5afba; --paper: #13161a; --panel: #1c2127;
  --rule: #343c45; --mark: #1d2b44; --gain: #7fd694; --loss: #ff9c93;
  --c0: #7fb0ff; --c1: #ffae7a; --c2: #7fd694; --c3: #d9a2f2; --c4: #e3c75c; --c5: #6fd3dc; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 3.2rem; }
body { margin: 0 auto; padding: 0 1.25rem 5rem; max-width: 68rem; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
header { padding: 2.2rem 0 .6rem; }
h1 { font-size: 2rem; line-height: 1.15; margin: 0 0 .4rem; letter-spacing: -.01em; text-wrap: balance; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 3.4rem 0 .5rem; letter-spacing: -.005em; }
h3 { font-size: 1.05rem; margin: 2rem 0 .3rem; }
p, .findings { margin: .5rem 0; max-width: 46rem; text-wrap: pretty; } .soft { color: var(--soft); }
.findings { padding-left: 1.15rem; } .findings li { margin: .35rem 0; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--paper); }
nav { position: sticky; top: 0; z-index: 1; background: var(--paper); border-bottom: 1px solid var(--rule);
  overflow-x: auto; }
nav ul { list-style: none; padding: 0; margin: 0; display: flex; gap: 0 1.3rem; white-space: nowrap;
  font-size: .9rem; }
nav a { display: block; padding: .55rem 0; text-decoration: none; } nav a:hover { text-decoration: underline; }
a { color: var(--c0); } :focus-visible { outline: 2px solid var(--c0); outline-offset: 2px; border-radius: 2px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.2rem, 1fr)); gap: .8rem; margin: 1.4rem 0; }
.tile { background: var(--panel); border-radius: 10px; padding: .8rem 1rem .75rem; }
.tile dt { font-size: .86rem; color: var(--soft); line-height: 1.35; }
.tile dd { margin: .15rem 0 0; font-size: 1.9rem; font-weight: 650; line-height: 1.15;
  font-variant-numeric: tabular-nums; }
.tile dd small { display: block; font-size: .8rem; font-weight: 400; color: var(--soft); margin-top: .2rem; }
.scroll { overflow-x: auto; margin: 1.1rem 0 1.6rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; line-height: 1.4; }
caption { text-align: left; color: var(--soft); font-size: .88rem; padding-bottom: .5rem; position: sticky; left: 0;
  max-width: min(46rem, calc(100vw - 2.5rem)); }
.charts caption { max-width: min(24rem, calc(100vw - 4.5rem)) !important; } .charts .bar { width: 6rem; }
details caption { max-width: min(46rem, calc(100vw - 4.5rem)); }
caption b { color: var(--ink); }
th, td { padding: .38rem .8rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap;
  vertical-align: baseline; }
th:first-child, td:first-child { padding-left: .4rem; }
th:first-child, td:first-child, td.text, th.text { text-align: left; }
td.text { white-space: pre-line; min-width: 7rem; max-width: 30rem; overflow-wrap: anywhere; }
td .error { display: block; } th small { display: block; font-weight: 400; color: var(--soft); max-width: 15rem;
  white-space: normal; line-height: 1.3; }
thead th { color: var(--soft); font-weight: 600; font-size: .84rem; border-bottom: 1.5px solid var(--soft);
  vertical-align: bottom; }
tbody th { font-weight: 600; }
tr.best td, tr.best th { background: var(--mark); }
.error { color: var(--soft); font-size: .86em; } .gain { color: var(--gain); font-weight: 600; }
.loss { color: var(--loss); font-weight: 600; }
.whisker { width: 11rem; height: .95rem; vertical-align: -.18rem; overflow: visible; }
.whisker path { vector-effect: non-scaling-stroke; } .arm { stroke-width: 2; } .point { stroke-width: 8;
  stroke-linecap: round; }
.bar { width: 11rem; height: .7rem; background: var(--panel); border-radius: 2px; }
figure { margin: 0; } figcaption { font-weight: 600; font-size: .95rem; margin-bottom: .3rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.8rem 2rem;
  margin: 1.2rem 0; }
.charts figure:only-child { max-width: 34rem; }
figure svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--soft); font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; }
svg .label { fill: var(--ink); } svg .name { font-weight: 600; }
.grid { stroke: var(--rule); stroke-width: 1; } .axis { stroke: var(--soft); stroke-width: 1; }
.guide { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; fill: none; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.series-0 { stroke: var(--c0); } .series-1 { stroke: var(--c1); } .series-2 { stroke: var(--c2); }
.series-3 { stroke: var(--c3); } .series-4 { stroke: var(--c4); } .series-5 { stroke: var(--c5); }
.fill-0 { fill: var(--c0); } .fill-1 { fill: var(--c1); } .fill-2 { fill: var(--c2); }
.fill-3 { fill: var(--c3); } .fill-4 { fill: var(--c4); } .fill-5 { fill: var(--c5); }
svg .ink-0 { fill: var(--c0); } svg .ink-1 { fill: var(--c1); } svg .ink-2 { fill: var(--c2); }
svg .ink-3 { fill: var(--c3); } svg .ink-4 { fill: var(--c4); } svg .ink-5 { fill: var(--c5); }
.band { opacity: .14; } .dot { fill: var(--paper); stroke-width: 1.6; }
details { border: 1px solid var(--rule); border-radius: 10px; padding: .6rem 1rem; margin: .7rem 0; }
details[open] { padding-bottom: 1rem; }
summary { cursor: pointer; font-weight: 600; }
details > h2 { margin-top: 1rem; }
.cluster { border-left: 4px solid var(--rule); padding: .1rem 0 .1rem .9rem; margin: 1rem 0; }
.cluster.right { border-color: var(--c2); } .cluster h3 { margin: 0 0 .2rem; }
.tag { display: inline-block; border: 1px solid var(--rule); border-radius: 99px; padding: 0 .55rem; font-size: .8rem;
  font-weight: 600; margin-left: .3rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--panel); padding: .6rem .8rem; margin: .4rem 0;
  border-radius: 8px; font: .86rem/1.5 ui-monospace, "SF Mono", Menlo, monospace; }
footer { margin-top: 4rem; padding-top: 1rem; border-top: 1px solid var(--rule); color: var(--soft); font-size: .86rem; }
@media (max-width: 40rem) { body { padding: 0 1rem 4rem; font-size: 15.5px; } h1 { font-size: 1.6rem; }
  th, td { padding: .36rem .55rem; } .whisker, .bar { width: 7.5rem; } .tile dd { font-size: 1.6rem; } }
@media print { body { max-width: none; font-size: 10.5pt; } nav, .skip { display: none; } .scroll { overflow: visible; }
  figure, tr, .tile, .cluster { break-inside: avoid; } h2, h3, caption { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
  details:not([open]) > *:not(summary) { display: block; } }
)css";

}  // namespace ft::report
