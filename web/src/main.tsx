import { render } from 'preact';
import { App } from './app.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/messages.css';
import './styles/frame.css';
import './styles/catalog.css';
import './styles/flow.css';
import './styles/hall.css';
import './styles/seats.css';
import './styles/pay.css';
import './styles/ticket.css';

const root = document.getElementById('app');
if (root === null) throw new Error('index.html has no element with the id "app"');
render(<App />, root);
