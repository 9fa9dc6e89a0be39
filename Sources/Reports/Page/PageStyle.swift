/// The look of a page: for light and dark screens, for paper, and from 320 pixels on.
///
/// Text has a contrast of 4.5 to 1 with what is behind it, lines and marks of 3 to 1.
enum PageStyle {
    /// The style sheet.
    static let text = rules + "\n" + shades

    /// The ten shades of maps and matrices, each with black or white text, whichever is read better.
    private static let shades = (0..<HeatMap.shades).map { shade in
        let color = SequentialColor.hexadecimal(Float(shade) / Float(HeatMap.shades - 1))
        let text = shade < darkShades ? "#000" : "#fff"
        return ".h\(shade){background:\(color);color:\(text)}svg .h\(shade){fill:\(color)}"
    }.joined(separator: "\n")

    /// The first shade on which white is read better than black.
    private static let darkShades = 6

    // swift-format-ignore
    private static let rules = """
        :root{color-scheme:light dark;--page:#fff;--panel:#f5f6f8;--text:#1b1f24;--faint:#59616b;--line:#c9ced6;--grid:#e3e6ea;--link:#0b5cad;--warn:#8a3b00;--warn-bg:#fff4e8;--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#cc79a7}
        @media (prefers-color-scheme:dark){:root{--page:#14171b;--panel:#1d2126;--text:#e8eaed;--faint:#a8b0ba;--line:#444b54;--grid:#2a3037;--link:#7ab8f5;--warn:#ffc48a;--warn-bg:#33261a;--s0:#56b4e9;--s1:#f0883e;--s2:#2fc59a;--s3:#e39bc4}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%;scroll-padding-top:1rem}
        body{margin:0;background:var(--page);color:var(--text);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
        header,main,footer{max-width:76rem;margin:0 auto;padding:0 1rem}
        a{color:var(--link)}
        :focus-visible{outline:3px solid var(--link);outline-offset:2px}
        h1{font-size:1.6rem;line-height:1.25;margin:1.5rem 0 .25rem;overflow-wrap:anywhere}
        h2{font-size:1.25rem;margin:2.5rem 0 .75rem;padding-top:.75rem;border-top:1px solid var(--line)}
        h3{font-size:1.1rem;margin:1.75rem 0 .5rem;overflow-wrap:anywhere}
        h4{font-size:1rem;margin:1.25rem 0 .25rem;overflow-wrap:anywhere}
        p{margin:.5rem 0;max-width:46rem;overflow-wrap:anywhere}
        .faint,figcaption small,caption{color:var(--faint)}
        nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:0;margin:.75rem 0}
        nav a{display:inline-block;padding:.25rem 0}
        .cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,9.5rem),1fr));gap:.75rem;margin:1rem 0;padding:0}
        .cards>div{background:var(--panel);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem;min-width:0}
        .cards dt{color:var(--faint);font-size:.875rem}
        .cards dd{margin:0;font-size:1.45rem;line-height:1.3;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
        .cards dd small{display:block;font-size:.8125rem;color:var(--faint)}
        .warnings{background:var(--warn-bg);border:1px solid var(--warn);border-left-width:.4rem;border-radius:.25rem;padding:.5rem 1rem .5rem 2rem;margin:1rem 0}
        .warnings li{overflow-wrap:anywhere}
        .scroll{overflow-x:auto;max-width:100%;margin:.75rem 0}
        table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.9375rem}
        caption{text-align:left;padding:.25rem 0;font-size:.875rem}
        th,td{padding:.25rem .6rem;border-bottom:1px solid var(--grid);text-align:left;vertical-align:top}
        thead th{border-bottom:2px solid var(--line);vertical-align:bottom;white-space:nowrap}
        tbody th{font-weight:600;min-width:9rem;max-width:18rem;overflow-wrap:anywhere}
        td:not([class]){min-width:10rem;max-width:30rem;overflow-wrap:anywhere}
        .n{text-align:right;white-space:nowrap}
        th button{font:inherit;font-weight:600;color:inherit;background:none;border:0;padding:.15rem 0;cursor:pointer;text-align:inherit}
        th button::after{content:" ↕";color:var(--faint)}
        th[aria-sort=ascending] button::after{content:" ↑";color:var(--text)}
        th[aria-sort=descending] button::after{content:" ↓";color:var(--text)}
        .matrix td{text-align:right;padding:.2rem .4rem;border:1px solid var(--page);min-width:2rem}
        .matrix th{font-weight:400;white-space:nowrap;min-width:0;max-width:12rem;overflow:hidden;text-overflow:ellipsis}
        .matrix thead th{padding:.4rem .2rem}
        .matrix thead th span{writing-mode:vertical-rl;transform:rotate(180deg);max-height:9rem;overflow:hidden;text-overflow:ellipsis}
        .matrix tbody th{position:sticky;left:0;background:var(--page)}
        .matrix .d{outline:2px solid var(--text);outline-offset:-2px}
        .figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,23rem),1fr));gap:1.25rem 1.5rem;align-items:start}
        figure{margin:0}
        .figures>*{min-width:0}
        figcaption{font-weight:600;margin-bottom:.25rem}
        figcaption small{display:block;font-weight:400;font-size:.875rem}
        figure>svg{display:block;width:100%;height:auto}
        .scroll>svg.wide{display:block;max-width:none}
        .bar{display:block;width:5rem;height:.4rem;margin:.1rem 0 .2rem auto}
        .legend{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1rem;padding:0;margin:.25rem 0;font-size:.875rem}
        .legend li{display:flex;align-items:center;gap:.4rem;min-width:0;overflow-wrap:anywhere}
        .legend svg{flex:none;width:36px;height:12px}
        svg text{font:13px system-ui,sans-serif;fill:var(--text)}
        svg .t{fill:var(--faint)}
        svg .g{stroke:var(--grid);fill:none}
        svg .a{stroke:var(--faint);fill:none}
        svg .p{fill:none;stroke-width:1.5}
        svg .edge{stroke:var(--faint);stroke-width:.5}
        svg .zone{fill:var(--grid)}
        svg .b{stroke:var(--text);stroke-dasharray:2 3;fill:none}
        .s0{stroke:var(--s0)}.s1{stroke:var(--s1)}.s2{stroke:var(--s2)}.s3{stroke:var(--s3)}
        .l{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
        .m{fill:var(--page);stroke-width:2}
        .f0{fill:var(--s0)}.f1{fill:var(--s1)}.f2{fill:var(--s2)}.f3{fill:var(--s3)}
        .w1,.w2,.w3,.w4{fill:#d55e00}
        .w1{fill-opacity:.15}.w2{fill-opacity:.3}.w3{fill-opacity:.45}.w4{fill-opacity:.6}
        .band{fill-opacity:.18;stroke:none}
        details{margin:.4rem 0}
        summary{cursor:pointer;color:var(--link);padding:.2rem 0;font-size:.9375rem;width:fit-content}
        pre{background:var(--panel);border:1px solid var(--line);border-radius:.4rem;padding:.75rem;overflow-x:auto;font-size:.8125rem;line-height:1.45}
        code{overflow-wrap:anywhere;font-size:.9em}
        .pictures{list-style:none;display:grid;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr));gap:.9rem;padding:0;margin:.75rem 0}
        .pictures li{min-width:0;font-size:.875rem;line-height:1.35;overflow-wrap:anywhere}
        .pictures svg,.pictures .none{display:flex;width:100%;aspect-ratio:1;height:auto;background:var(--panel);border:1px solid var(--line);border-radius:.3rem}
        .pictures .none{align-items:center;justify-content:center;color:var(--faint);text-align:center}
        .pictures b,.pictures li>span{display:block}
        .pictures b{font-weight:600}
        .pictures .faint{font-size:.8125rem}
        .store{position:absolute;width:0;height:0;overflow:hidden}
        footer{color:var(--faint);font-size:.875rem;margin-top:3rem;padding-bottom:2rem;overflow-wrap:anywhere}
        @media print{:root{color-scheme:light;--page:#fff;--panel:#f5f6f8;--text:#1b1f24;--faint:#59616b;--line:#c9ced6;--grid:#e3e6ea;--link:#0b5cad;--warn:#8a3b00;--warn-bg:#fff4e8;--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#cc79a7}nav,summary{display:none}body{font-size:10pt}figure,.pictures li,tr{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}}
        """
}
