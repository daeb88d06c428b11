"""What a persona remembers: a summary of the talk's beginning, and facts from earlier talks where that is wished."""
