// Shows notes of the waiting room while no page is open, and opens the page when one is touched.
self.addEventListener('push', (event) => {
  const note = event.data === null ? {} : event.data.json();
  event.waitUntil(
    self.registration.showNotification(note.title ?? 'Usher', {
      body: note.text ?? '',
      tag: note.url ?? 'usher',
      renotify: true,
      requireInteraction: true,
      data: { url: note.url ?? '/' },
    }),
  );
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(openPage(new URL(event.notification.data.url, self.location.origin)));
});

async function openPage(url) {
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const open = pages.find((page) => new URL(page.url).pathname === url.pathname);
  if (open) return open.focus();
  // A note leads to this site only, whatever it says.
  return self.clients.openWindow(url.origin === self.location.origin ? url.href : '/');
}
