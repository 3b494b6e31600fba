// Those who keep order in all of madang: who they are, and for admins, appointing and dismissing them.

import { avatar, h } from '../dom.js';
import { t } from '../i18n/index.js';
import { auditDialog } from './audit.js';
import { confirmDialog, openDialog } from './dialog.js';
import { field, form, selectField } from './form.js';
import { moderationDialog } from './moderation.js';
import { pagedList } from './paged.js';
import { userId } from './roomedit.js';
import { suspensionsDialog } from './suspensions.js';
import { toast } from './toast.js';

const ROLES = ['moderator', 'admin'];

/** The ways to reports, suspensions, the log and the staff, for those whom the server lets see them. */
export function staffPart(app) {
  const way = (name, open) => h('button', { type: 'button', data: { do: name }, onclick: () => open(app) }, t(`${name}.title`));
  const el = h('section', { hidden: true }, h('h3', {}, t('staff.part')),
    h('div', { class: 'ways' }, way('moderation', moderationDialog), way('suspensions', suspensionsDialog), way('audit', auditDialog), way('staff', staffDialog)));
  app.call('staff').then(() => { el.hidden = false; }, () => {});
  return el;
}

function staffDialog(app) {
  const me = app.store.state.me?.user;
  openDialog(t('staff.title'), () => {
    const appointing = h('div', {});
    let appoints = false;
    const list = pagedList({
      load: async () => {
        const { staff } = await app.call('staff');
        appoints = staff.some(({ user, role }) => user === me && role === 'admin');
        if (appoints && appointing.childElementCount === 0) appointing.append(appointForm(app, list));
        return { rows: staff, next: null };
      },
      row: (each, reload) => staffRow(app, each, appoints && each.user !== me, reload),
    });
    return [list.el, appointing];
  });
}

function staffRow(app, { user, role, by }, dismissable, reload) {
  const ask = () => confirmDialog(t('staff.dismiss'), t('staff.dismissText', { user }), t('staff.dismiss'), async () => {
    await app.call('appoint', { user, role: 'none' });
    await reload();
  });
  return h('li', { data: { user } }, avatar(user, user),
    h('div', { class: 'grow' }, h('strong', {}, `@${user}`), h('small', {}, [t(`staff.${role}`), by && t('staff.by', { by })].filter(Boolean).join(' · '))),
    dismissable && h('button', { type: 'button', class: 'danger', data: { do: 'dismiss' }, onclick: ask }, t('staff.dismiss')));
}

function appointForm(app, list) {
  const user = field(t('people.userId'), { name: 'user', autocapitalize: 'none', spellcheck: 'false', maxlength: 32 }, t('people.userIdHint'));
  const role = selectField(t('staff.as'), 'role', ROLES.map((each) => [each, t(`staff.${each}`)]));
  return form({
    fields: [h('h3', {}, t('staff.appoint')), user.el, role.el],
    submit: t('staff.appoint'),
    action: async (el) => {
      await app.call('appoint', { user: userId(user.input.value), role: role.input.value });
      el.reset();
      toast(t('account.saved'));
      await list.reload();
    },
  });
}
