// 스레드, 고정, 나를 부른 메시지, 수정 기록: 다시 찾아보는 것들.

export default {
  'thread.title': '스레드',
  'thread.replies': '스레드 답글',
  'thread.none': '아직 답글이 없어요',
  'thread.older': '이전 답글',
  'thread.again': '다시 시도',
  'thread.placeholder': '스레드에 답글 쓰기',
  'thread.close': '스레드 닫기',

  'pins.title': '고정된 메시지',
  'pins.by': '{name}님이 고정, {time}',
  'pins.none': '고정된 메시지가 없어요.',

  'mentions.title': '나를 부른 메시지',
  'mentions.none': '아직 아무도 나를 부르지 않았어요.',

  'edits.title': '수정 기록',
  'edits.now': '지금 내용',
  'edits.before': '이전 내용 (최신순)',

  'list.older': '이전 기록',
  'list.newest': '최신 기록으로',
  'list.page': '{n}쪽',
};
