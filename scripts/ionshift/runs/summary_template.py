"""The HTML of a summary page, for jinja2."""

TEMPLATE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ page.title }}</title>
<style>
:root { --ink: #1d2430; --soft: #5a6472; --line: #d9dee5; --tint: #f4f6f9; --accent: #0b5fa5;
  --good: #1a7045; --mind: #9a4b00; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1.25rem 3rem; max-width: 60rem; color: var(--ink);
  background: #fff; font: 1rem/1.55 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .75rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; padding-top: .75rem;
  border-top: 1px solid var(--line); }
p { margin: .5rem 0; max-width: 48rem; }
.answer p { max-width: none; }
.answer { padding: .75rem 1rem; background: var(--tint); border-left: 4px solid var(--accent); }
.answer p:first-child { font-size: 1.1rem; font-weight: 600; }
.note, figcaption, footer { color: var(--soft); font-size: .875rem; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0 .25rem; font-size: .9375rem; }
caption { text-align: left; color: var(--soft); font-size: .875rem; padding-bottom: .35rem; }
th, td { padding: .4rem .75rem .4rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; }
thead th { font-weight: 600; border-bottom: 2px solid var(--line); vertical-align: bottom; }
tbody th { font-weight: 600; }
.good { color: var(--good); font-weight: 600; }
.mind { color: var(--mind); font-weight: 600; }
.unknown { color: var(--soft); font-style: italic; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); gap: 1.5rem;
  margin-top: 1rem; }
figure { margin: 0; }
figure img { width: 100%; height: auto; display: block; }
figcaption { margin-top: .5rem; }
pre { margin: .5rem 0; padding: .65rem .9rem; background: var(--tint); white-space: pre-wrap;
  overflow-wrap: anywhere; border: 1px solid var(--line); border-radius: 4px;
  font: .9375rem/1.45 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
pre.command { border-color: var(--accent); border-left-width: 4px; font-weight: 600; }
footer { margin-top: 2.5rem; padding-top: .75rem; border-top: 1px solid var(--line); }
@media screen and (max-width: 40rem) {
  body { padding: 1rem .9rem 2rem; }
  thead { display: none; }
  table, caption, tbody, tr, th, td { display: block; width: 100%; }
  tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
  th, td { padding: .1rem 0; border: 0; }
  td { display: grid; grid-template-columns: minmax(8.5rem, 40%) 1fr; gap: .75rem; }
  td::before { content: attr(data-label); color: var(--soft); font-weight: 400;
    font-style: normal; }
}
@media print {
  @page { margin: 15mm; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  h2 { break-after: avoid; }
  tr, figure, pre, .answer { break-inside: avoid; }
  .figures { grid-template-columns: 1fr 1fr; }
}
</style>
</head>
<body>
<main>
<h1>{{ page.title }}</h1>
<div class="answer">
{% for text in page.answer %}
<p>{{ text }}</p>
{% endfor %}
</div>
{% for section in page.sections %}
<section>
<h2>{{ section.title }}</h2>
{% for text in section.paragraphs %}
<p>{{ text }}</p>
{% endfor %}
{% if section.table %}
<table>
<caption>{{ section.table.title }}</caption>
<thead><tr>
{% for name in section.table.columns %}
<th scope="col">{{ name }}</th>
{% endfor %}
</tr></thead>
<tbody>
{% for row in section.table.rows %}
<tr>
{% for cell in row %}
{% if loop.first %}
<th scope="row">{{ cell }}</th>
{% elif cell is string %}
<td data-label="{{ section.table.columns[loop.index0] }}">{{ cell }}</td>
{% else %}
<td data-label="{{ section.table.columns[loop.index0] }}"><span class="{{ cell.mark }}">
{{- cell.text -}}
</span></td>
{% endif %}
{% endfor %}
</tr>
{% endfor %}
</tbody>
</table>
{% if section.table.note %}
<p class="note">{{ section.table.note }}</p>
{% endif %}
{% endif %}
{% if section.with_figures %}
<div class="figures">
{% for figure in figures %}
<figure>
<img src="{{ figure.url }}" alt="Figure: {{ figure.name }}. {{ figure.caption }}">
<figcaption>{{ figure.caption }}</figcaption>
</figure>
{% endfor %}
</div>
{% endif %}
{% if section.advice %}
<p>{{ section.advice.reason }}</p>
{% if section.advice.settings %}
<p>First set this in the configuration, beside the keys that its block has:</p>
<pre>{{ section.advice.settings }}</pre>
{% endif %}
<p>{{ "Then run:" if section.advice.settings else "Run:" }}</p>
<pre class="command">{{ section.advice.command }}</pre>
{% if section.advice.afterwards %}
<p>{{ section.advice.afterwards }}</p>
{% endif %}
{% endif %}
{% for text in section.notes %}
<p class="note">{{ text }}</p>
{% endfor %}
</section>
{% endfor %}
</main>
<footer>{{ page.footer }}</footer>
</body>
</html>
"""
