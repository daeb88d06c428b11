/** The question that must be answered first, and short news, as the pages of personas and voices have them. */

export const ASKING = `
<dialog class="asking" aria-labelledby="asking-text">
  <form method="dialog">
    <p id="asking-text"></p>
    <div class="row">
      <button value="yes" class="first yes"></button>
      <button value="no" class="second" data-text="no"></button>
    </div>
  </form>
</dialog>
<div class="toasts" role="alert"></div>
`;
