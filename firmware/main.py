from image_profile import NAME

import board
from joulegate import app

app.run(board, NAME)
