// Putting text where people paste from. Pages that came over a plain network may not ask the browser for it.

/** Whether it could be copied. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

function copySelected(text) {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'sr-only';
  // Behind an open window nothing can be selected.
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  const focused = document.activeElement;
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  focused?.focus();
  return copied;
}
