"""
@article{Li2022pickeroptimizer,
  title   = {A Transfer Learning-Based Classification Model for Particle Pruning in Cryo-Electron Microscopy},
  author  = {Li, Hongjia and Chen, Ge and Gao, Shan and Li, Jintao and Wan, Xiaohua and Zhang, Fa},
  journal = {Journal of Computational Biology},
  volume  = {29},
  number  = {10},
  year    = {2022},
  doi     = {https://doi.org/10.1089/cmb.2022.0101}
}

@inproceedings{Li2021pickeroptimizer,
  title     = {PickerOptimizer: A Deep Learning-Based Particle Optimizer for Cryo-Electron Microscopy Particle-Picking
               Algorithms},
  author    = {Li, Hongjia and Chen, Ge and Gao, Shan and Li, Jintao and Zhang, Fa},
  booktitle = {Bioinformatics Research and Applications (ISBRA 2021)},
  year      = {2021}
}
"""
