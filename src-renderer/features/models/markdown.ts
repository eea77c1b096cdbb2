/** Markdown from elsewhere as HTML that can do nothing: no scripts, no pictures from the network, no styles of its own. */
import DOMPurify from 'dompurify';
import { Marked } from 'marked';

/** Styles and handlers in raw HTML. DOMPurify takes them out, too, but only after the browser has parsed them and reported each to the console. */
const reported = /<style\b[\s\S]*?(<\/style\s*>|$)|[\s/](?:style|on[a-z]+)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi;

const marked = new Marked({
  gfm: true,
  renderer: {
    html: ({ text }) => text.replace(reported, ''),
    // The page has its own title and sections above these.
    heading({ tokens, depth }) {
      const level = Math.min(6, depth + 2);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
    },
  },
});

/** @returns HTML for `{@html}` */
export function safeHtml(markdown: string): string {
  const fragment = DOMPurify.sanitize(marked.parse(markdown, { async: false }), {
    USE_PROFILES: { html: true },
    FORBID_TAGS: [
      'img',
      'picture',
      'source',
      'video',
      'audio',
      'style',
      'form',
      'input',
      'button',
      'select',
      'textarea',
    ],
    FORBID_ATTR: ['style', 'class', 'id', 'name', 'background', 'bgcolor', 'align', 'width', 'height'],
    ALLOWED_URI_REGEXP: /^https?:\/\//i,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const link of fragment.querySelectorAll('a')) {
    link.rel = 'noreferrer noopener';
    link.target = '_blank';
    if (!link.hasAttribute('href')) link.replaceWith(...link.childNodes); // to another file of its repository
  }
  for (const wide of fragment.querySelectorAll('pre, table')) {
    const box = document.createElement('div');
    box.className = 'wide';
    box.tabIndex = 0; // it scrolls, so the keyboard must get into it
    wide.replaceWith(box);
    box.append(wide);
  }
  const page = document.createElement('div');
  page.append(fragment);
  return page.innerHTML;
}
