// The cluster page: for operators, at any node, also when there is no quorum.

import { chooseLanguage, t, useLanguage } from '../i18n/index.js';
import { language } from '../session.js';
import { present, presentRooms } from './model.js';
import { startPolling } from './poll.js';
import { clusterView } from './view.js';

let view = null;
let last = null;

function mount() {
  document.title = `${t('app.name')} · ${t('cluster.title')}`;
  view = clusterView({ setLanguage, useSecret: (secret) => polling.useSecret(secret) });
  document.querySelector('#app').replaceChildren(view.el);
  if (last !== null) view.update(last);
}

function setLanguage(tag) {
  language.write(tag);
  useLanguage(tag);
  mount();
}

function heard(outcome) {
  const known = last?.shown ?? null;
  last = outcome.report ? { shown: shownOf(outcome), report: outcome.report } : { ...outcome, shown: outcome.closed ? null : known, report: last?.report };
  view.update(last);
}

const shownOf = ({ report, rooms }) => ({ ...present(report), busy: rooms && presentRooms(rooms) });

chooseLanguage();
mount();
const polling = startPolling(heard);
