"""The button that saves what a window shows: pictures of its micrograph, and tables."""
import tkinter as tk
from tkinter import filedialog, messagebox, ttk


class SaveMenu(ttk.Menubutton):
    """Saves the picture of a MicrographCanvas, or of what makes one as that does.

    legend(): (text, colour) of its boxes. more: (text, command) of others.
    """

    def __init__(self, master, canvas, legend, more=()):
        super().__init__(master, text='Save', takefocus=False)
        self._canvas, self._legend = canvas, legend
        menu = tk.Menu(self, tearoff=False)
        menu.add_command(label='Picture as it is seen ...', command=lambda: self.save(False))
        menu.add_command(label='Picture of the whole micrograph, for print ...', command=lambda: self.save(True))
        for text, command in more:
            menu.add_command(label=text, command=command)
        self['menu'] = menu

    def save(self, whole):
        """Ask for a file, and write the picture into it; whole: see MicrographCanvas.picture."""
        picture = self._canvas.picture(whole, self._legend())
        if picture is None:
            messagebox.showerror('PickerOptimizer', 'There is no micrograph to save a picture of.', parent=self)
            return
        path = filedialog.asksaveasfilename(parent=self, defaultextension='.png', initialfile='micrograph.png',
                                            filetypes=[('PNG picture', '*.png'), ('JPEG picture', '*.jpg')])
        if not path:
            return
        try:
            picture.save(path)
        except (OSError, ValueError) as error:      # ValueError: of an ending that is no kind of picture
            messagebox.showerror('PickerOptimizer', f'{path} was not saved: {error}', parent=self)
