// Names of groups and nodes.

import { t } from '../i18n/index.js';

export const groupName = ({ meta, shard }) => (meta ? t('cluster.meta') : t('cluster.shard', { shard }));

export const numbers = (nodes) => nodes.join(', ') || '–';
