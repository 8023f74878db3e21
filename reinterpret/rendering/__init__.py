"""What is made of matches: films, grids and contact sheets. Each module turns an edit or hits into pictures."""
