"""The viewer's one stylesheet: near to Notion's look, light and dark, from a phone upwards.

Only fonts that are on the machine are named, and nothing is fetched.
"""

STYLESHEET = """
:root{color-scheme:light dark;
--paper:#fff;--side:#f7f7f5;--ink:#2c2b28;--muted:#6e6c67;--rule:#e6e5e2;--hover:#efeeec;
--card:#fff;--shadow:0 1px 3px #0000001f,0 0 0 1px #00000012;
--gray:#e3e2e0;--brown:#eee0da;--orange:#fadec9;--yellow:#fdecc8;--green:#dbeddb;--blue:#d3e5ef;
--purple:#e8deee;--pink:#f5e0e9;--red:#ffe2dd;--chip-ink:#32302c;
--text-gray:#6e6c67;--text-brown:#87573c;--text-orange:#b4560b;--text-yellow:#956516;
--text-green:#3c7255;--text-blue:#2a6d99;--text-purple:#7c5590;--text-pink:#a93f78;--text-red:#bb443e;
--chart-blue:#3d83c2;--chart-orange:#d9822b;--chart-green:#4a9c6d;--chart-purple:#8b62b4;
--chart-pink:#c9588f;--chart-yellow:#c9a02c;--chart-red:#cf5148;--chart-brown:#93694d;
--chart-gray:#84827d;--chart-teal:#2f9090}
@media (prefers-color-scheme:dark){:root{
--paper:#191919;--side:#202020;--ink:#e3e2df;--muted:#a09e99;--rule:#33322f;--hover:#2c2c2a;
--card:#232322;--shadow:0 0 0 1px #ffffff1a;
--gray:#454440;--brown:#563c31;--orange:#6c3f16;--yellow:#62501e;--green:#2a4f3b;--blue:#28486a;
--purple:#4b3463;--pink:#602f4a;--red:#6b3330;--chip-ink:#efeeeb;
--text-gray:#a09e99;--text-brown:#c39a83;--text-orange:#d9965c;--text-yellow:#d0a857;
--text-green:#79b894;--text-blue:#74aede;--text-purple:#b497d0;--text-pink:#d58bb4;--text-red:#e58079;
--chart-blue:#5a9ddb;--chart-orange:#e39a4d;--chart-green:#62b486;--chart-purple:#a581cc}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);display:flex;min-height:100vh;
font:16px/1.5 ui-sans-serif,-apple-system,"Segoe UI","Noto Sans","Liberation Sans","PingFang SC",
"Hiragino Sans","Microsoft YaHei","Malgun Gothic","Noto Sans CJK SC",Arial,sans-serif,
"Apple Color Emoji","Segoe UI Emoji","Noto Color Emoji";
overflow-wrap:break-word}
a{color:inherit;text-decoration-color:var(--muted);text-underline-offset:3px}
a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:2px solid var(--chart-blue);
outline-offset:2px}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--paper);padding:8px;
z-index:2}
.side{flex:0 0 248px;background:var(--side);border-right:1px solid var(--rule);padding:18px 10px;
font-size:14px;position:sticky;top:0;height:100vh;overflow:auto}
.side ul,.menu ul{list-style:none;margin:0;padding:0}.side ul ul,.menu ul ul{padding-left:16px}
.side a,.menu a{display:block;padding:4px 8px;border-radius:5px;text-decoration:none;
color:var(--muted);overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.side a:hover,.menu a:hover{background:var(--hover)}
a[aria-current]{background:var(--hover);color:var(--ink)!important;font-weight:600}
.side h2{font-size:12px;color:var(--muted);margin:14px 8px 4px;font-weight:600}
.menu{display:none;background:var(--side);border-bottom:1px solid var(--rule);padding:8px 14px;
font-size:15px}.menu summary{cursor:pointer;padding:4px 0;font-weight:600}.menu a{padding:8px}
main{flex:1 1 auto;min-width:0;padding:56px 64px 120px}
main>*{max-width:1040px;margin-left:auto;margin-right:auto}
main>.wide{max-width:1600px}
.head-icon{font-size:56px;line-height:1;margin-bottom:10px}
h1,h2,h3,h4,h5{line-height:1.3;font-weight:650;unicode-bidi:plaintext}
h1{font-size:36px;margin:0 0 18px}h2{font-size:27px;margin:36px 0 6px}h3{font-size:22px;margin:32px 0 4px}
h4{font-size:18px;margin:22px 0 4px}h5{font-size:16px;margin:16px 0 4px}
p{margin:4px 0;unicode-bidi:plaintext}p.empty{min-height:1.5em}
ul,ol{margin:4px 0;padding-left:26px}hr{border:0;border-top:1px solid var(--rule);margin:14px 0}
.indent{padding-left:24px}.muted{color:var(--muted);font-size:14px}
blockquote{margin:6px 0;padding:2px 14px;border-left:3px solid currentColor}
code{font:0.88em ui-monospace,"Liberation Mono",Menlo,monospace;background:var(--side);
padding:1px 4px;border-radius:4px}pre{background:var(--side);padding:16px;border-radius:6px;overflow:auto}
details{margin:4px 0}summary{cursor:pointer}summary>h2,summary>h3,summary>h4{display:inline-block;margin:8px 0}
.callout{display:flex;gap:12px;padding:14px 16px;border-radius:8px;background:var(--side);margin:8px 0}
.callout>div{min-width:0;flex:1}.callout-icon{flex:none}
.columns{display:flex;gap:28px;flex-wrap:wrap}.column{flex:1 1 240px;min-width:0}
.widgets{display:grid;gap:14px;margin:0 0 14px}.widgets-2{grid-template-columns:repeat(2,1fr)}
.widgets-3{grid-template-columns:repeat(3,1fr)}.widgets-4{grid-template-columns:repeat(4,1fr)}
.widget{min-width:0;border:1px solid var(--rule);border-radius:8px;padding:10px 14px}
.widget h4{margin:0 0 6px;font-size:15px;font-weight:600}.widget .chart{border:0;padding:0}
.widget .big-number{font-size:34px}
.contents ul{list-style:none;padding:0;font-size:15px}.contents .level-2{padding-left:18px}
.contents .level-3,.contents .level-4{padding-left:36px}
.todo{list-style:none;padding-left:2px}.todo .box{margin-right:8px}
.box{display:inline-flex;width:16px;height:16px;border:1.5px solid var(--muted);border-radius:3px;
align-items:center;justify-content:center;font-size:12px;line-height:1;vertical-align:-2px}
.checked{background:var(--chart-blue);border-color:var(--chart-blue);color:#fff}
figure{margin:10px 0}.media{border:1px dashed var(--rule);border-radius:8px;padding:36px 16px;
text-align:center;color:var(--muted)}figcaption{color:var(--muted);font-size:14px}
.page a{text-decoration:none;font-weight:550}.page a:hover{background:var(--hover)}
.outside{text-decoration:underline dotted var(--muted);cursor:help}
.equation,.mention{color:var(--text-red)}.mention{color:var(--muted)}
.chip{display:inline-block;background:var(--gray);color:var(--chip-ink);border-radius:4px;padding:1px 7px;
margin:1px 4px 1px 0;font-size:14px;line-height:1.4;unicode-bidi:isolate;max-width:100%;
white-space:nowrap;overflow:hidden;text-overflow:ellipsis;vertical-align:bottom}td .chip{max-width:280px}
.person::before{content:"◍ ";color:var(--muted)}.relation{margin-right:10px}
.scroll,.board{overflow-x:auto;overscroll-behavior-x:contain;-webkit-overflow-scrolling:touch}
.database{margin:10px 0 26px}.database>h4{margin:10px 0 6px;display:flex;gap:8px;align-items:baseline;font-size:14px;font-weight:500;
color:var(--muted)}
.database>h4 a{text-decoration:none}.database>h4 a:hover{text-decoration:underline}
.tabs{display:flex;gap:4px;flex-wrap:wrap;margin:8px 0;border-bottom:1px solid var(--rule)}
.tabs a{padding:5px 10px;text-decoration:none;color:var(--muted);font-size:15px}
.tabs a[aria-current]{background:none;border-bottom:2px solid var(--ink)}
table{border-collapse:collapse;font-size:14px;min-width:100%}
th,td{border:1px solid var(--rule);padding:6px 9px;text-align:left;vertical-align:top;
font-weight:400;max-width:320px;unicode-bidi:plaintext}
.cut td,.cut tbody th{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}.cut td br{display:none}
thead th{color:var(--muted);white-space:nowrap}tbody th{font-weight:550;min-width:210px}
tbody th a{text-decoration:none}tbody th a:hover{text-decoration:underline}
th.number,td.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.sign{opacity:.75;margin-right:6px;font-size:12px}
.board{display:flex;gap:12px;align-items:flex-start;padding:2px 2px 10px}
.lane{flex:1 0 168px;min-width:0;max-width:300px;background:var(--side);border-radius:8px;padding:8px}
.lane h4{font-size:14px;margin:2px 2px 8px;font-weight:500;display:flex;gap:4px}.lane h4 .chip{min-width:0}
.card{background:var(--card);border-radius:7px;box-shadow:var(--shadow);padding:9px 11px;margin:0 0 8px}
.card h5{margin:0 0 4px;font-size:14px}.card h5 a{text-decoration:none}
.card dl,.properties{margin:0;font-size:13px}.card dl>div{display:flex;justify-content:space-between;gap:10px}
.card dt{color:var(--muted)}.card dd{margin:0;text-align:right;min-width:0;unicode-bidi:plaintext;overflow:hidden}
.card .chip{font-size:12.5px;margin-right:0;margin-left:4px}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(230px,1fr));gap:14px;padding:2px}
.gallery .card{margin:0;padding:14px}.gallery h5{font-size:16px}
.rows{list-style:none;padding:0}.rows li{display:flex;justify-content:space-between;gap:12px;flex-wrap:wrap;
padding:5px 4px;border-bottom:1px solid var(--rule);font-size:15px}.rows li>*{min-width:0;max-width:100%}.beside{color:var(--muted)}.beside>span{margin-left:12px}
.timeline{list-style:none;padding:0;font-size:14px}.timeline li{padding:5px 0;border-bottom:1px solid var(--rule)}
.track{display:block;position:relative;height:10px;background:var(--side);border-radius:5px;margin-top:4px;
overflow:hidden}.span{position:absolute;top:0;bottom:0;background:var(--chart-blue);border-radius:5px}
.timeline .muted{margin-left:10px}.timeline .chip{font-size:12.5px}
.ticks{position:relative;height:22px;font-size:12px;color:var(--muted);border-bottom:1px solid var(--rule)}
.ticks span{position:absolute;border-left:1px solid var(--rule);padding-left:5px;white-space:nowrap}
.ticks .late{transform:translateX(-100%);border-left:0;border-right:1px solid var(--rule);padding:0 5px 0 0}
.picture{background:#fff;border-radius:8px;box-shadow:var(--shadow)}
.picture img{display:block;width:100%;min-width:640px;height:auto}
.cover{display:block;width:100%;height:120px;object-fit:cover;border-radius:5px;margin:0 0 8px}
.page-cover{display:block;width:100%;max-height:220px;object-fit:cover;border-radius:8px;margin-bottom:14px}
.properties{font-size:15px;border-bottom:1px solid var(--rule);padding-bottom:14px;margin-bottom:18px}
.properties>div{display:flex;gap:14px;padding:4px 0}.properties dt{flex:0 0 190px;color:var(--muted)}
.properties dd{margin:0;min-width:0;flex:1;unicode-bidi:plaintext}
.chart{border:1px solid var(--rule);border-radius:8px;padding:14px}.chart svg{display:block;width:100%;height:auto}
.chart-narrow{display:none}.widgets:not(.widgets-1) .chart-wide{display:none}
.widgets:not(.widgets-1) .chart-narrow{display:block}.chart text{font-size:13px;fill:var(--ink)}.chart .axis-name{fill:var(--muted);font-size:12px}
.chart .value{font-weight:600;paint-order:stroke;stroke:var(--paper);stroke-width:4px;stroke-linejoin:round}
.chart .inside{font-weight:500;font-size:12px}.chart .total{font-size:18px}
.chart .grid{stroke:var(--rule)}.chart .zero{stroke:var(--muted)}.chart .reference{stroke:var(--ink);stroke-width:1.3}
.chart .dashed{stroke-dasharray:6 4}.chart .line{fill:none;stroke-width:2.6;stroke-linejoin:round;stroke-linecap:round}
.chart .area{opacity:.14}.slice{stroke:var(--paper);stroke-width:2}.big-number{font-size:44px;font-weight:650;margin:0}
.legend{list-style:none;display:flex;gap:6px 18px;flex-wrap:wrap;padding:0;margin:10px 0 0;font-size:14px}
.swatch{display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:6px}
.doors{display:grid;grid-template-columns:repeat(auto-fit,minmax(260px,1fr));gap:18px;margin-top:26px}
.door{display:block;text-decoration:none;border-radius:10px;box-shadow:var(--shadow);background:var(--card);
padding:22px 24px}.door:hover{background:var(--hover)}.door strong{display:block;font-size:19px;margin:6px 0 2px}
.door span{color:var(--muted)}.door .big{font-size:34px;color:inherit}
.map{background:#fff;border-radius:8px;box-shadow:var(--shadow)}.map img{display:block;width:100%;min-width:960px;height:auto}
@media (min-width:801px){main>.map{margin-inline:-40px}
th[scope=row],thead th:first-child{position:sticky;left:0;background:var(--paper);z-index:1}}
@media (max-width:800px){body{display:block}.side{display:none}.menu{display:block}
main{padding:24px 16px 80px}h1{font-size:29px}.head-icon{font-size:44px}h2{font-size:24px}h3{font-size:20px}
.properties>div{display:block;padding:6px 0}.lane{flex-basis:240px}.columns{display:block}.widgets{grid-template-columns:1fr 1fr}.chart{padding:10px 8px}
.indent{padding-left:14px}}
@media (max-width:560px){.ticks span:not(:nth-child(3n+1)){display:none}.widgets{grid-template-columns:1fr}.chart-wide{display:none}.chart-narrow{display:block}}
@media print{.side,.menu{display:none}main{padding:0}}
"""


def _colour_rules() -> str:
    names = ("gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
    return "".join(
        f".chip-{name}{{background:var(--{name})}}.text-{name}{{color:var(--text-{name})}}"
        f".back-{name},.callout.back-{name}{{background:var(--{name});color:var(--chip-ink)}}"
        f".lane-{name}{{border-top:3px solid var(--{name})}}"
        f".bar-{name}{{background:var(--chart-{name})}}"
        for name in names
    )


STYLESHEET += _colour_rules()
