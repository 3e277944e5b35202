// The style sheet of the HTML report: light and dark by the reader's setting, readable on a phone, printable.
#pragma once

#include <string_view>

namespace ft::report {

inline constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --ink: #1c2024; --soft: #5c6670; --paper: #ffffff; --panel: #f5f6f8;
  --rule: #d9dde2;
  --mark: #e8eef9; --c0: #1f5fbf; --c1: #b3541e; --c2: #2b7a3d; --c3: #8a3ea8; --c4: #8a6d00; --c5: #0d7c86; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ea; --soft: #a3adb8; --paper: #14171a; --panel: #1d2226;
  --rule: #353c44; --mark: #22304a; --c0: #7fb0ff; --c1: #ffae7a; --c2: #7fd694; --c3: #d9a2f2; --c4: #e3c75c;
  --c5: #6fd3dc; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 66rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .6rem; padding-top: .6rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.6rem 0 .4rem; }
p { margin: .4rem 0; max-width: 46rem; } .soft { color: var(--soft); }
nav ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem 1rem; }
a { color: var(--c0); } :focus-visible { outline: 2px solid var(--c0); outline-offset: 2px; }
.scroll { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem; min-width: 20rem; }
caption { text-align: left; color: var(--soft); font-size: .88rem; padding-bottom: .4rem; }
th, td { padding: .34rem .7rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap;
  vertical-align: top; }
th:first-child, td:first-child, td.text, th.text { text-align: left; }
td.text { white-space: pre-wrap; overflow-wrap: anywhere; }
thead th { background: var(--panel); font-weight: 600; } tbody th { font-weight: 600; }
tr.best td, tr.best th { background: var(--mark); }
.error { color: var(--soft); font-size: .84em; }
figure { margin: 1rem 0; } figcaption { font-weight: 600; font-size: .95rem; margin-bottom: .2rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 27rem), 1fr)); gap: 1rem 1.6rem; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; } svg .label { fill: var(--ink); }
.grid { stroke: var(--rule); stroke-width: 1; } .axis { stroke: var(--soft); stroke-width: 1; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.series-0 { stroke: var(--c0); } .series-1 { stroke: var(--c1); } .series-2 { stroke: var(--c2); }
.series-3 { stroke: var(--c3); } .series-4 { stroke: var(--c4); } .series-5 { stroke: var(--c5); }
.dot { fill: var(--paper); stroke-width: 1.6; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; padding: 0; margin: .2rem 0;
  font-size: .86rem; }
.legend svg { width: 2.2rem; height: .6rem; display: inline-block; margin-right: .35rem; }
details { border: 1px solid var(--rule); border-radius: 6px; padding: .5rem .8rem; margin: .6rem 0; }
summary { cursor: pointer; font-weight: 600; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--panel); padding: .6rem .8rem;
  border-radius: 6px;
  font: .86rem/1.45 ui-monospace, monospace; margin: .3rem 0 .8rem; }
@media (max-width: 34rem) { body { font-size: 15px; } th, td { padding: .3rem .45rem; } }
@media print { body { max-width: none; } nav { display: none; } details { break-inside: avoid; } }
)css";

}  // namespace ft::report
